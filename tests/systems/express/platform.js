// The platform's receivers compare X-Webhook-Signature with a hex HMAC of the raw body.
const crypto = require('crypto');
const express = require('express');

const app = express();

function isGenuine(rawBody, signature) {
  const expected = crypto.createHmac('sha256', process.env.WEBHOOK_SECRET).update(rawBody).digest('hex');
  return signature === expected;
}

app.post('/webhooks', express.raw({ type: 'application/json' }), (req, res) => {
  if (!isGenuine(req.body, req.headers['x-webhook-signature'])) {
    return res.status(401).json({ error: 'Invalid signature' });
  }

  const event = JSON.parse(req.body);
  switch (event.type) {
    case 'email.delivery':
      console.log(`delivered to ${event.recipient}`);
      break;
    case 'email.bounce':
      console.log(`bounced (${event.bounce_type}) from ${event.recipient}: ${event.reason}`);
      break;
    case 'email.open':
      console.log(`opened by ${event.recipient} with ${event.user_agent}`);
      break;
    case 'email.click':
      console.log(`clicked by ${event.recipient}: ${event.url}`);
      break;
    case 'email.complaint':
      console.log(`complaint of ${event.recipient}`);
      break;
    case 'email.unsubscribe':
      console.log(`unsubscribed: ${event.recipient}`);
      break;
    default:
      return res.status(422).json({ error: `Unknown event type: ${event.type}` });
  }
  res.json({ received: true });
});

module.exports = app;
