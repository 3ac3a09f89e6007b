"""The official Standard Webhooks library verifies the raw body."""

import os

from flask import Flask, request
from standardwebhooks import Webhook, WebhookVerificationError

app = Flask(__name__)
webhook = Webhook(os.environ["WEBHOOK_SECRET"])


@app.post("/webhooks")
def receive():
    try:
        event = webhook.verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError as error:
        return {"error": str(error)}, 401

    data = event["data"]
    match event["type"]:
        case "email.sent":
            print(f"sent to {data['recipient']}")
        case "email.delivered":
            print(f"delivered to {data['recipient']}")
        case "email.deferred":
            print(f"deferred for {data['recipient']}: {data['bounce']['diagnostic']}")
        case "email.bounced":
            print(f"bounced ({data['bounce']['type']}) from {data['recipient']}: {data['bounce']['diagnostic']}")
        case "email.rejected":
            print(f"rejected for {data['recipient']}: {data['reject']['reason']}")
        case "email.failed":
            print(f"failed for {data['recipient']}: {data['reject']['reason']}")
        case "email.opened":
            print(f"opened by {data['recipient']} with {data['client']['user_agent']}")
        case "email.clicked":
            print(f"clicked by {data['recipient']}: {data['click']['url']}")
        case "email.complained":
            print(f"complaint of {data['recipient']}")
        case "email.unsubscribed":
            print(f"unsubscribed by email: {data['recipient']}")
        case "email.subscribed":
            print(f"subscribed: {data['recipient']}")
        case "subscriber.created":
            name = f"{data['metadata']['first_name']} {data['metadata']['last_name']}"
            print(f"new subscriber {data['recipient']}: {name}")
        case "subscriber.unsubscribed":
            print(f"subscriber {data['subscriber_id']} left: {data['recipient']}")
        case "email.unknown":
            print(f"something happened to an email to {data['recipient']}")
        case other:
            return {"error": f"unknown event type {other}"}, 422
    return "", 204
