// MailGreet's receivers parse the body, write it again and verify that. So every byte must be as JavaScript writes it.
const crypto = require('crypto');
const express = require('express');

const app = express();
app.use(express.json());

function verifySignature(payload, signature, secret) {
  const expected = 'sha256=' + crypto.createHmac('sha256', secret).update(JSON.stringify(payload)).digest('hex');
  return crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
}

app.post('/webhooks', (req, res) => {
  if (!verifySignature(req.body, req.headers['x-mailgreet-signature'], process.env.WEBHOOK_SECRET)) {
    return res.status(401).send('Invalid signature');
  }

  const { event_type, data } = req.body;
  switch (event_type) {
    case 'email.delivered':
      console.log(`delivered to ${data.email}`);
      break;
    case 'email.opened':
      console.log(`opened by ${data.email} with ${data.user_agent}`);
      break;
    case 'email.clicked':
      console.log(`clicked by ${data.email}: ${data.url}`);
      break;
    case 'email.bounced':
      console.log(`bounced (${data.bounce_type}) from ${data.email}: ${data.bounce_reason}`);
      break;
    case 'email.complained':
      console.log(`complaint of ${data.email}`);
      break;
    case 'subscriber.created':
      console.log(`new subscriber ${data.email}: ${data.first_name} ${data.last_name} (${data.source})`);
      break;
    case 'subscriber.unsubscribed':
      console.log(`unsubscribed: ${data.email}`);
      break;
    default:
      return res.status(422).send(`Unknown event type: ${event_type}`);
  }
  res.status(200).send('OK');
});

module.exports = app;
