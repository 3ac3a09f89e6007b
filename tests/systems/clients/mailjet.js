// The official client node-mailjet, used as its documentation shows it, but with another host and with a key of ours.
const Mailjet = require('node-mailjet');

const { API_URL, API_KEY_ID, API_KEY_SECRET, RECEIVER, ELSEWHERE } = process.env;
// The client itself puts `https://` before the host.
const config = { host: API_URL.replace('https://', '') };
const client = (apiSecret) => new Mailjet({ apiKey: API_KEY_ID, apiSecret, config });
const say = (step) => ({ response, body }) => console.log(`${step} ${response.status} ${JSON.stringify(body)}`);
const refused = (step) => (error) => {
  console.log(`${step} refused: ${error.statusCode} ${error.response.data.ErrorMessage}`);
};

async function manage(mailjet) {
  const urls = 'eventcallbackurl';
  await mailjet.post(urls).request({ EventType: 'sent', Url: ELSEWHERE }).then(say('created'));
  await mailjet.post(urls).request({ EventType: 'bounce', Url: RECEIVER, Version: 2 }).then(say('created'));
  await mailjet.post(urls).request({ EventType: 'click', Url: RECEIVER }).then(say('created'));
  const listed = await mailjet.get(urls).request();
  say('listed')(listed);
  const id = Object.fromEntries(listed.body.Data.map((one) => [one.EventType, one.ID]));
  await mailjet.get(urls).id(id.bounce).request().then(say('read'));
  await mailjet.put(urls).id(id.sent).request({ Url: RECEIVER }).then(say('updated'));
  await mailjet.delete(urls).id(id.click).request().then(say('deleted'));
  await mailjet.get(urls).request().then(say('listed'));
  await mailjet.get(urls).id(id.click).request().catch(refused('read'));
  await mailjet.post(urls).request({ EventType: 'open', Url: 'no URL' }).catch(refused('created'));
  await client('s').get(urls).request().catch(refused('listed'));
}

manage(client(API_KEY_SECRET));
