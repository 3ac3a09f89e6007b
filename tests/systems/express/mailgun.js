// Mailgun signs its timestamp and token. A receiver that does not accept a post answers 406.
const crypto = require('crypto');
const express = require('express');

const app = express();
app.use(express.json());

const verify = ({ signingKey, timestamp, token, signature }) => {
  const encodedToken = crypto.createHmac('sha256', signingKey).update(timestamp.concat(token)).digest('hex');
  return encodedToken === signature;
};

app.post('/webhooks', (req, res) => {
  if (!verify({ signingKey: process.env.WEBHOOK_SECRET, ...req.body.signature })) {
    return res.status(406).send('Invalid signature');
  }

  const event = req.body['event-data'];
  switch (event.event) {
    case 'accepted':
      console.log(`sent to ${event.recipient}`);
      break;
    case 'delivered':
      console.log(`delivered to ${event.recipient}`);
      break;
    case 'failed':
      console.log(`${event.severity} failure for ${event.recipient}: ${event['delivery-status']?.message ?? event.reason}`);
      break;
    case 'rejected':
      console.log(`rejected for ${event.recipient}`);
      break;
    case 'opened':
      console.log(`opened by ${event.recipient} with ${event['client-info']['user-agent']}`);
      break;
    case 'clicked':
      console.log(`clicked by ${event.recipient}: ${event.url}`);
      break;
    case 'complained':
      console.log(`complaint of ${event.recipient}`);
      break;
    case 'unsubscribed':
      console.log(`unsubscribed: ${event.recipient}`);
      break;
    default:
      return res.status(422).send(`Unknown event: ${event.event}`);
  }
  res.status(200).send('OK');
});

module.exports = app;
