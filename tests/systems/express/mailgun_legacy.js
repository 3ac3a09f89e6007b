// Mailgun's legacy webhooks are forms. They are signed like its present webhooks.
const crypto = require('crypto');
const express = require('express');

const app = express();
app.use(express.urlencoded({ extended: false }));

function isGenuine({ timestamp, token, signature }) {
  return signature === crypto.createHmac('sha256', process.env.WEBHOOK_SECRET).update(timestamp + token).digest('hex');
}

app.post('/webhooks', (req, res) => {
  if (!isGenuine(req.body)) {
    return res.status(406).send('Invalid signature');
  }

  const form = req.body;
  switch (form.event) {
    case 'accepted':
      console.log(`sent to ${form.recipient}`);
      break;
    case 'delivered':
      console.log(`delivered to ${form.recipient}`);
      break;
    case 'failed':
      console.log(`deferred for ${form.recipient}: ${form.description}`);
      break;
    case 'bounced':
      console.log(`bounced (${form.code}) from ${form.recipient}: ${form.error}`);
      break;
    case 'dropped':
      console.log(`dropped for ${form.recipient}: ${form.reason}`);
      break;
    case 'opened':
      console.log(`opened by ${form.recipient} with ${form['user-agent']} in ${form.city}`);
      break;
    case 'clicked':
      console.log(`clicked by ${form.recipient}: ${form.url}`);
      break;
    case 'complained':
      console.log(`complaint of ${form.recipient}`);
      break;
    case 'unsubscribed':
      console.log(`unsubscribed: ${form.recipient}`);
      break;
    default:
      return res.status(422).send(`Unknown event: ${form.event}`);
  }
  res.status(200).send('OK');
});

module.exports = app;
