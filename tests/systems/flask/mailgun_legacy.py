"""Mailgun's legacy webhooks are forms. They are signed like its present webhooks."""

import hashlib
import hmac
import os

from flask import Flask, request

app = Flask(__name__)


def is_genuine(form) -> bool:
    signed = form["timestamp"] + form["token"]
    expected = hmac.new(os.environ["WEBHOOK_SECRET"].encode(), signed.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(form["signature"], expected)


@app.post("/webhooks")
def receive():
    form = request.form
    if not is_genuine(form):
        return "Invalid signature", 406

    match form["event"]:
        case "accepted":
            print(f"sent to {form['recipient']}")
        case "delivered":
            print(f"delivered to {form['recipient']}")
        case "failed":
            print(f"deferred for {form['recipient']}: {form['description']}")
        case "bounced":
            print(f"bounced ({form['code']}) from {form['recipient']}: {form['error']}")
        case "dropped":
            print(f"dropped for {form['recipient']}: {form['reason']}")
        case "opened":
            print(f"opened by {form['recipient']} with {form['user-agent']} in {form['city']}")
        case "clicked":
            print(f"clicked by {form['recipient']}: {form['url']}")
        case "complained":
            print(f"complaint of {form['recipient']}")
        case "unsubscribed":
            print(f"unsubscribed: {form['recipient']}")
        case other:
            return f"Unknown event: {other}", 422
    return "OK"
