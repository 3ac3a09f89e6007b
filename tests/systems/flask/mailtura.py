"""Mailtura's receivers refuse posts older than 5 minutes. This one also verifies a body that it has written again."""

import hashlib
import hmac
import json
import os
from datetime import datetime, timedelta, timezone

from flask import Flask, request

MAX_AGE = timedelta(minutes=5)

app = Flask(__name__)


def verify_webhook(payload: dict, signature: str) -> bool:
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    expected = hmac.new(os.environ["WEBHOOK_SECRET"].encode(), body.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature, expected)


@app.post("/webhooks")
def receive():
    event = request.get_json()
    if not verify_webhook(event, request.headers.get("X-Mailtura-Signature", "")):
        return {"error": "Invalid signature"}, 401
    at = datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))
    if abs(datetime.now(timezone.utc) - at) > MAX_AGE:
        return {"error": "Event too old"}, 400

    data = event["data"]
    match event["type"]:
        case "email.sent":
            print(f"sent to {data['recipient']}")
        case "email.delivered":
            print(f"delivered to {data['recipient']}")
        case "email.bounced":
            codes = f"{data['bounceType']}, {data['diagnosticCode']}"
            print(f"bounced ({codes}) from {data['recipient']}: {data['reason']}")
        case "email.failed":
            print(f"failed for {data['recipient']}: {data['reason']}")
        case "email.opened":
            print(f"opened by {data['recipient']} with {data['userAgent']}")
        case "email.clicked":
            print(f"clicked by {data['recipient']}: {data['url']}")
        case "email.complained":
            print(f"complaint of {data['recipient']}")
        case other:
            return {"error": f"Unknown event type: {other}"}, 422
    return {"received": True}
