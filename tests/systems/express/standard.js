// The official Standard Webhooks library verifies the raw body.
const express = require('express');
const { Webhook } = require('standardwebhooks');

const app = express();
const webhook = new Webhook(process.env.WEBHOOK_SECRET);

app.post('/webhooks', express.raw({ type: 'application/json' }), (req, res) => {
  let event;
  try {
    event = webhook.verify(req.body, req.headers);
  } catch (error) {
    return res.status(401).json({ error: error.message });
  }

  const { type, data } = event;
  switch (type) {
    case 'email.sent':
      console.log(`sent to ${data.recipient}`);
      break;
    case 'email.delivered':
      console.log(`delivered to ${data.recipient}`);
      break;
    case 'email.deferred':
      console.log(`deferred for ${data.recipient}: ${data.bounce.diagnostic}`);
      break;
    case 'email.bounced':
      console.log(`bounced (${data.bounce.type}) from ${data.recipient}: ${data.bounce.diagnostic}`);
      break;
    case 'email.rejected':
      console.log(`rejected for ${data.recipient}: ${data.reject.reason}`);
      break;
    case 'email.failed':
      console.log(`failed for ${data.recipient}: ${data.reject.reason}`);
      break;
    case 'email.opened':
      console.log(`opened by ${data.recipient} with ${data.client.user_agent}`);
      break;
    case 'email.clicked':
      console.log(`clicked by ${data.recipient}: ${data.click.url}`);
      break;
    case 'email.complained':
      console.log(`complaint of ${data.recipient}`);
      break;
    case 'email.unsubscribed':
      console.log(`unsubscribed by email: ${data.recipient}`);
      break;
    case 'email.subscribed':
      console.log(`subscribed: ${data.recipient}`);
      break;
    case 'subscriber.created':
      console.log(`new subscriber ${data.recipient}: ${data.metadata.first_name} ${data.metadata.last_name}`);
      break;
    case 'subscriber.unsubscribed':
      console.log(`subscriber ${data.subscriber_id} left: ${data.recipient}`);
      break;
    case 'email.unknown':
      console.log(`something happened to an email to ${data.recipient}`);
      break;
    default:
      return res.status(422).json({ error: `unknown event type ${type}` });
  }
  res.status(204).end();
});

module.exports = app;
