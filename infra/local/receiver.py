"""A tenant's receiver: verifies each delivery with the official Standard Webhooks library and prints one line for each.

`/ok` answers 204. `/flaky` answers 500 to the first two attempts of every delivery and 204 from then on. Both
answer 401 if the signature is wrong.
"""

import collections
import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

FAILURES = 2
# Maximum size of a body, larger than any of our deliveries. A longer body is not read.
MOST_BYTES = 1 << 20


@dataclass
class Received:
    """One received POST."""

    path: str
    webhook_id: str
    event_type: str
    status: int


class Receiver(ThreadingHTTPServer):
    """A server on loopback, on a free port."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.secrets: dict[str, str] = {}
        self.received: list[Received] = []
        self.attempts: collections.Counter[tuple[str, str]] = collections.Counter()
        self.lock = threading.Lock()
        self.started = time.monotonic()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def start(self) -> None:
        """Begins to answer requests, and starts the clock of the printed times."""
        self.started = time.monotonic()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def delivered(self, path: str) -> int:
        """Number of different events that `path` has accepted."""
        with self.lock:
            return len({post.webhook_id for post in self.received if post.path == path and post.status == 204})

    def note(self, path: str, webhook_id: str, body: bytes, verified: bool) -> int:
        """Records and prints a request, and decides the answer."""
        with self.lock:
            self.attempts[path, webhook_id] += 1
            attempt = self.attempts[path, webhook_id]
            status = 401 if not verified else 500 if path == "/flaky" and attempt <= FAILURES else 204
            event = json.loads(body) if verified else {}
            self.received.append(Received(path, webhook_id, event.get("type", "?"), status))
            signature = "verified" if verified else "NOT VERIFIED"
            print(
                f"{time.monotonic() - self.started:7.2f} s  {path:<7}{event.get('type', '?'):<20}"
                f"{masked(event.get('data', {}).get('recipient')):<18}{webhook_id}  attempt {attempt}  "
                f"signature {signature}, answered {status}",
                flush=True,
            )
            return status


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        secret = self.server.secrets.get(self.path)
        if secret is None or length > MOST_BYTES:
            self.answer(404 if secret is None else 413)
            return
        body = self.rfile.read(length)
        try:
            Webhook(secret).verify(body, dict(self.headers))
            verified = True
        except WebhookVerificationError:
            verified = False
        self.answer(self.server.note(self.path, self.headers.get("webhook-id", "?"), body, verified))

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Prints nothing, because `note` prints one readable line for each delivery."""


def masked(recipient: str | None) -> str:
    """The first letter and the domain of an address."""
    if not recipient:
        return "-"
    name, _, domain = recipient.partition("@")
    return f"{name[:1]}***@{domain}"
