// Mailtura's receivers parse the body, write it again and verify the result. They refuse posts older than 5 minutes.
const crypto = require('crypto');
const express = require('express');

const MAX_AGE_MS = 5 * 60 * 1000;

const app = express();
app.use(express.json());

function verifyWebhook(payload, signature) {
  const expected = crypto.createHmac('sha256', process.env.WEBHOOK_SECRET).update(JSON.stringify(payload)).digest('hex');
  return signature === expected;
}

app.post('/webhooks', (req, res) => {
  const event = req.body;
  if (!verifyWebhook(event, req.headers['x-mailtura-signature'])) {
    return res.status(401).json({ error: 'Invalid signature' });
  }
  if (!(Math.abs(Date.now() - new Date(event.timestamp).getTime()) <= MAX_AGE_MS)) {
    return res.status(400).json({ error: 'Event too old' });
  }

  const { type, data } = event;
  switch (type) {
    case 'email.sent':
      console.log(`sent to ${data.recipient}`);
      break;
    case 'email.delivered':
      console.log(`delivered to ${data.recipient}`);
      break;
    case 'email.bounced':
      console.log(`bounced (${data.bounceType}, ${data.diagnosticCode}) from ${data.recipient}: ${data.reason}`);
      break;
    case 'email.failed':
      console.log(`failed for ${data.recipient}: ${data.reason}`);
      break;
    case 'email.opened':
      console.log(`opened by ${data.recipient} with ${data.userAgent}`);
      break;
    case 'email.clicked':
      console.log(`clicked by ${data.recipient}: ${data.url}`);
      break;
    case 'email.complained':
      console.log(`complaint of ${data.recipient}`);
      break;
    default:
      return res.status(422).json({ error: `Unknown event type: ${type}` });
  }
  res.status(200).json({ received: true });
});

module.exports = app;
