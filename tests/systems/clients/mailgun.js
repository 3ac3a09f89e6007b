// The official client mailgun.js, used as its documentation shows it, but with another URL and with a key of ours.
const FormData = require('form-data');
const Mailgun = require('mailgun.js');

const { API_URL, API_KEY, DOMAIN, RECEIVER, ELSEWHERE } = process.env;
const client = (key) => new Mailgun(FormData).client({ username: 'api', key, url: API_URL });
const say = (step) => (answer) => console.log(`${step} ${JSON.stringify(answer)}`);
const refused = (step) => (error) => console.log(`${step} refused: ${error.status} ${error.message}: ${error.details}`);

async function manage({ webhooks }) {
  await webhooks.create(DOMAIN, 'delivered', ELSEWHERE).then(say('created'));
  await webhooks.create(DOMAIN, 'permanent_fail', [RECEIVER, ELSEWHERE]).then(say('created'));
  await webhooks.create(DOMAIN, 'clicked', RECEIVER).then(say('created'));
  await webhooks.list(DOMAIN).then(say('listed'));
  await webhooks.get(DOMAIN, 'permanent_fail').then(say('read'));
  await webhooks.update(DOMAIN, 'delivered', RECEIVER).then(say('updated'));
  await webhooks.update(DOMAIN, 'permanent_fail', [RECEIVER]).then(say('updated'));
  await webhooks.destroy(DOMAIN, 'clicked').then(say('deleted'));
  await webhooks.list(DOMAIN).then(say('listed'));
  await webhooks.get(DOMAIN, 'clicked').catch(refused('read'));
  await webhooks.create(DOMAIN, 'delivered', 'no URL').catch(refused('created'));
  await client('mh_nobody_s').webhooks.list(DOMAIN).catch(refused('listed'));
}

manage(client(API_KEY));
