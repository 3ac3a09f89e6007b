"""The platform's receivers compare X-Webhook-Signature with a hex HMAC of the raw body."""

import hashlib
import hmac
import os

from flask import Flask, request

app = Flask(__name__)
SECRET = os.environ["WEBHOOK_SECRET"]


@app.post("/webhooks")
def receive():
    expected = hmac.new(SECRET.encode(), request.get_data(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Webhook-Signature", "")):
        return {"error": "Invalid signature"}, 401

    event = request.get_json()
    match event["type"]:
        case "email.delivery":
            print(f"delivered to {event['recipient']}")
        case "email.bounce":
            print(f"bounced ({event['bounce_type']}) from {event['recipient']}: {event['reason']}")
        case "email.open":
            print(f"opened by {event['recipient']} with {event['user_agent']}")
        case "email.click":
            print(f"clicked by {event['recipient']}: {event['url']}")
        case "email.complaint":
            print(f"complaint of {event['recipient']}")
        case "email.unsubscribe":
            print(f"unsubscribed: {event['recipient']}")
        case other:
            return {"error": f"Unknown event type: {other}"}, 422
    return {"received": True}
