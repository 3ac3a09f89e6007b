"""Mailgun signs its timestamp and token. A receiver that does not accept a post answers 406."""

import hashlib
import hmac
import os

from flask import Flask, request

app = Flask(__name__)


def verify(signing_key: str, token: str, timestamp: str, signature: str) -> bool:
    hmac_digest = hmac.new(
        key=signing_key.encode(), msg=f"{timestamp}{token}".encode(), digestmod=hashlib.sha256
    ).hexdigest()
    return hmac.compare_digest(signature, hmac_digest)


@app.post("/webhooks")
def receive():
    body = request.get_json()
    if not verify(os.environ["WEBHOOK_SECRET"], **body["signature"]):
        return "Invalid signature", 406

    event = body["event-data"]
    match event["event"]:
        case "accepted":
            print(f"sent to {event['recipient']}")
        case "delivered":
            print(f"delivered to {event['recipient']}")
        case "failed":
            why = event.get("delivery-status", {}).get("message", event.get("reason"))
            print(f"{event['severity']} failure for {event['recipient']}: {why}")
        case "rejected":
            print(f"rejected for {event['recipient']}")
        case "opened":
            print(f"opened by {event['recipient']} with {event['client-info']['user-agent']}")
        case "clicked":
            print(f"clicked by {event['recipient']}: {event['url']}")
        case "complained":
            print(f"complaint of {event['recipient']}")
        case "unsubscribed":
            print(f"unsubscribed: {event['recipient']}")
        case other:
            return f"Unknown event: {other}", 422
    return "OK"
