"""MailGreet's receivers compare X-MailGreet-Signature with a hex HMAC of the raw body."""

import hashlib
import hmac
import os

from flask import Flask, request

app = Flask(__name__)


def verify_signature(payload: bytes, signature: str, secret: str) -> bool:
    expected = "sha256=" + hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature, expected)


@app.post("/webhooks")
def receive():
    signature = request.headers.get("X-MailGreet-Signature", "")
    if not verify_signature(request.get_data(), signature, os.environ["WEBHOOK_SECRET"]):
        return "Invalid signature", 401

    event = request.get_json()
    data = event["data"]
    match event["event_type"]:
        case "email.delivered":
            print(f"delivered to {data['email']}")
        case "email.opened":
            print(f"opened by {data['email']} with {data['user_agent']}")
        case "email.clicked":
            print(f"clicked by {data['email']}: {data['url']}")
        case "email.bounced":
            print(f"bounced ({data['bounce_type']}) from {data['email']}: {data['bounce_reason']}")
        case "email.complained":
            print(f"complaint of {data['email']}")
        case "subscriber.created":
            print(f"new subscriber {data['email']}: {data['first_name']} {data['last_name']} ({data['source']})")
        case "subscriber.unsubscribed":
            print(f"unsubscribed: {data['email']}")
        case other:
            return f"Unknown event type: {other}", 422
    return "OK"
