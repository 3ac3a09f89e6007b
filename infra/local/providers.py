"""Mailgun and SendGrid as senders: real fixture bodies with present times, signed with keys that are generated here.

The events' times are set to now, because lists show the last day unless a request asks for more.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from places import FIXTURES


class Mailgun:
    """Signs in the body: HMAC-SHA256 over timestamp and token, with the account's webhook signing key."""

    name = "mailgun"

    def __init__(self) -> None:
        self.key = secrets.token_hex(16)
        self.verification = {"signing_key": self.key}

    def request(self, fixture: str) -> tuple[bytes, dict[str, str]]:
        """Body and headers. The event is the fixture's, except for its time; the signature object is new."""
        body = json.loads((FIXTURES / "mailgun" / fixture).read_bytes())
        now = time.time()
        body["event-data"]["timestamp"] = now
        timestamp, token = str(int(now)), secrets.token_hex(25)
        signature = hmac.new(self.key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
        body["signature"] = {"timestamp": timestamp, "token": token, "signature": signature}
        return json.dumps(body).encode(), {"content-type": "application/json"}


class SendGrid:
    """Signs in headers: ECDSA P-256 over the timestamp and the exact bytes of a batch."""

    name = "sendgrid"

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        public = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.verification = {"public_key": base64.b64encode(public).decode()}

    def request(self, *fixtures: str) -> tuple[bytes, dict[str, str]]:
        """Body and headers of one batch with the events of all `fixtures`, unchanged except for their times."""
        now = int(time.time())
        events = [event for file in fixtures for event in json.loads((FIXTURES / "sendgrid" / file).read_bytes())]
        # SendGrid writes each event of a batch on one line, with a line end after the last event.
        body = "[" + ",\r\n".join(json.dumps({**event, "timestamp": now}) for event in events) + "]\r\n"
        body, timestamp = body.encode(), str(now)
        signature = self.key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return body, {
            "content-type": "application/json",
            "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
            "x-twilio-email-event-webhook-timestamp": timestamp,
        }
