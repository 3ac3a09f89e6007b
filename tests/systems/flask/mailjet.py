"""Mailjet does not sign: its URL has a name and a password. Version 1 posts one event, version 2 an array."""

import os

from flask import Flask, request

app = Flask(__name__)


@app.post("/webhooks")
def receive():
    given = request.authorization
    known = os.environ["WEBHOOK_USER"], os.environ["WEBHOOK_PASSWORD"]
    if given is None or (given.username, given.password) != known:
        return "", 401, {"WWW-Authenticate": "Basic"}

    body = request.get_json()
    for event in body if isinstance(body, list) else [body]:
        match event["event"]:
            case "sent":
                message = event.get("MessageID", event.get("Message_GUID"))
                print(f"delivered to {event['email']}, message {message}: {event['smtp_reply']}")
            case "open":
                print(f"opened by {event['email']} with {event['agent']} in {event['geo']}")
            case "click":
                print(f"clicked by {event['email']}: {event['url']}")
            case "bounce":
                kind = "hard" if event["hard_bounce"] else "soft"
                print(f"bounced ({kind}) from {event['email']}: {event['error']}")
            case "blocked":
                print(f"blocked for {event['email']}: {event['error_related_to']}, {event['error']}")
            case "spam":
                print(f"complaint of {event['email']}")
            case "unsub":
                print(f"unsubscribed: {event['email']}")
            case other:
                return f"unknown event {other}", 422
    return ""
