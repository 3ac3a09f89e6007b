"""The official client mailjet_rest, used as its documentation shows it, but with another URL and with a key of ours."""

import json
import os

from mailjet_rest import Client, Config
from mailjet_rest.errors import MailjetApiError

RECEIVER, ELSEWHERE = os.environ["RECEIVER"], os.environ["ELSEWHERE"]


class OwnHost(Config):
    """Allows our own host. By default, the client accepts only the hosts of Mailjet and of this machine."""

    ALLOWED_ROOT_DOMAIN = "hooks.example.com"


def client(secret):
    return Client(auth=(os.environ["API_KEY_ID"], secret), version="v3", api_url=os.environ["API_URL"])


def say(step, answer):
    print(step, answer.status_code, json.dumps(answer.json()) if answer.content else "")


def refused(step, call, **given):
    try:
        call(**given)
    except MailjetApiError as error:
        print(step, f"refused: {type(error).__name__} {error.status_code} {error}")


with client(os.environ["API_KEY_SECRET"]) as mailjet:
    urls = mailjet.eventcallbackurl
    say("created", urls.create(data={"EventType": "sent", "Url": ELSEWHERE}))
    say("created", urls.create(data={"EventType": "bounce", "Url": RECEIVER, "Version": 2}))
    say("created", urls.create(data={"EventType": "click", "Url": RECEIVER}))
    listed = urls.get()
    say("listed", listed)
    ids = {one["EventType"]: one["ID"] for one in listed.json()["Data"]}
    say("read", urls.get(id=ids["bounce"]))
    say("updated", urls.update(id=ids["sent"], data={"Url": RECEIVER}))
    say("deleted", urls.delete(id=ids["click"]))
    say("listed", urls.get())
    refused("read", urls.get, id=ids["click"])
    refused("created", urls.create, data={"EventType": "open", "Url": "no URL"})

with client("s") as nobody:
    refused("listed", nobody.eventcallbackurl.get)

# With this configuration, the client accepts a host with another name.
print(Client(auth=("id", "secret"), config=OwnHost(api_url="https://hooks.example.com")).config.api_url)
