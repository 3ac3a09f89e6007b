"""The official client mailgun, used as its documentation shows it, but with another URL and with a key of ours."""

import json
import os

from mailgun.client import Client

DOMAIN, RECEIVER, ELSEWHERE = (os.environ[name] for name in ("DOMAIN", "RECEIVER", "ELSEWHERE"))


def client(key):
    return Client(auth=("api", key), api_url=os.environ["API_URL"])


def say(step, answer):
    print(step, answer.status_code, json.dumps(answer.json()))


with client(os.environ["API_KEY"]) as mailgun:
    webhooks = mailgun.domains_webhooks
    say("created", webhooks.create(domain=DOMAIN, data={"id": "delivered", "url": ELSEWHERE}))
    say("created", webhooks.create(domain=DOMAIN, data={"id": "permanent_fail", "url": [RECEIVER, ELSEWHERE]}))
    say("created", webhooks.create(domain=DOMAIN, data={"id": "clicked", "url": [RECEIVER]}))
    say("listed", webhooks.get(domain=DOMAIN))
    say("read", webhooks.get(domain=DOMAIN, webhook_name="permanent_fail"))
    say("updated", webhooks.put(domain=DOMAIN, webhook_name="delivered", data={"url": RECEIVER}))
    say("updated", webhooks.put(domain=DOMAIN, webhook_name="permanent_fail", data={"url": [RECEIVER]}))
    say("deleted", webhooks.delete(domain=DOMAIN, webhook_name="clicked"))
    say("listed", webhooks.get(domain=DOMAIN))
    say("read", webhooks.get(domain=DOMAIN, webhook_name="clicked"))
    say("created", webhooks.create(domain=DOMAIN, data={"id": "delivered", "url": "no URL"}))

with client("mh_nobody_s") as nobody:
    say("listed", nobody.domains_webhooks.get(domain=DOMAIN))
