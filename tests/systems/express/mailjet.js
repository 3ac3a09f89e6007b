// Mailjet does not sign: its URL has a name and a password. Version 1 posts one event, version 2 an array.
const express = require('express');

const app = express();
app.use(express.json());

const { WEBHOOK_USER, WEBHOOK_PASSWORD } = process.env;
const credentials = 'Basic ' + Buffer.from(`${WEBHOOK_USER}:${WEBHOOK_PASSWORD}`).toString('base64');

app.post('/webhooks', (req, res) => {
  if (req.headers.authorization !== credentials) {
    return res.status(401).set('WWW-Authenticate', 'Basic').end();
  }

  const events = Array.isArray(req.body) ? req.body : [req.body];
  for (const event of events) {
    switch (event.event) {
      case 'sent':
        console.log(`delivered to ${event.email}, message ${event.MessageID ?? event.Message_GUID}: ${event.smtp_reply}`);
        break;
      case 'open':
        console.log(`opened by ${event.email} with ${event.agent} in ${event.geo}`);
        break;
      case 'click':
        console.log(`clicked by ${event.email}: ${event.url}`);
        break;
      case 'bounce':
        console.log(`bounced (${event.hard_bounce ? 'hard' : 'soft'}) from ${event.email}: ${event.error}`);
        break;
      case 'blocked':
        console.log(`blocked for ${event.email}: ${event.error_related_to}, ${event.error}`);
        break;
      case 'spam':
        console.log(`complaint of ${event.email}`);
        break;
      case 'unsub':
        console.log(`unsubscribed: ${event.email}`);
        break;
      default:
        return res.status(422).send(`unknown event ${event.event}`);
    }
  }
  res.sendStatus(200);
});

module.exports = app;
