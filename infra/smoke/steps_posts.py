"""Posts: providers, own events, sizes, odd paths and queries."""

import gzip
import json
import time
import urllib.parse

from context import Context
from providers import Mailgun, SendGrid
from report import NotRun

# Lambda takes 6 MB of request as JSON. Text grows by its escapes, base64 by a third.
MEBIBYTE = 1024 * 1024
# Maximum number of own events in a post.
MOST_EVENTS = 500


def source(context: Context, provider: str, verification: object = None) -> str:
    """The path of a new source."""
    given = {"provider": provider, **({"verification": verification} if verification else {})}
    return context.acme.post("/api/v1/sources", given)["ingest_path"]


def providers(context: Context) -> None:
    """Signed bodies of the two providers whose signers are written in Python."""
    json_type = {"content-type": "application/json"}
    webhook = context.webhook("/ok/providers")
    mailgun, sendgrid = Mailgun(), SendGrid()
    for sender, fixtures in [(mailgun, ["delivered.json"]), (sendgrid, ["processed.json", "delivered.json"])]:
        path = source(context, sender.name, sender.verification)
        body, headers = sender.request(*fixtures)
        context.report.check(f"{sender.name}: a signed post", 200, context.status("POST", path, body, headers))
        changed = context.status("POST", path, body + b" ", {**headers, **json_type})
        if sender is sendgrid:
            context.report.check("sendgrid: a body that was changed", 401, changed)
    context.report.check("providers' events arrive", (3, 3), context.reached("/ok/providers", 3, 3, 120))
    context.drop(webhook)
    context.report.not_run("the other providers' fixtures", "their signers are in Rust; see the end-to-end tests")


def batches(context: Context) -> None:
    """As many own events in one post as it may hold."""
    webhook = context.webhook("/ok/batch")
    started = time.monotonic()
    context.report.check("500 events in a post are stored", MOST_EVENTS, len(context.publish(MOST_EVENTS)))
    context.report.measure("seconds for this post", round(time.monotonic() - started, 2))
    arrived = context.reached("/ok/batch", MOST_EVENTS, MOST_EVENTS, 300)
    context.report.check("500 events arrive once", (MOST_EVENTS, MOST_EVENTS), arrived)
    context.drop(webhook)


def sizes(context: Context) -> None:
    """Bodies at the limits of the gateway, of Lambda and of `ingest`."""
    path = source(context, "generic")
    json_type = {"content-type": "application/json"}

    def padded(size: int) -> bytes:
        event = context.events(1)[0]
        event["email_id"] = event.pop("id")
        return json.dumps(event).encode().ljust(size)

    context.report.check("a body of 4 MiB", 200, context.status("POST", path, padded(4 * MEBIBYTE), json_type))
    context.report.check("one byte more", 413, context.status("POST", path, padded(4 * MEBIBYTE + 1), json_type))
    latin = json.dumps(context.events(1)[0]).encode().replace(b"to@", b"t\xf6@")
    context.report.measure("a body called JSON that is not UTF-8", context.status("POST", path, latin, json_type))
    packed = gzip.compress(json.dumps(context.events(1)[0]).encode())
    unpacked = context.status("POST", path, packed, {**json_type, "content-encoding": "gzip"})
    context.report.measure("a body packed with gzip", unpacked)
    # Each quote is two bytes in the body, and four in the event that Lambda gets.
    quotes = json.dumps({"type": '"' * int(1.75 * MEBIBYTE)}).encode()
    quoted = context.status("POST", path, quotes, json_type)
    context.report.measure("3.5 MiB of JSON in JSON (on AWS refused by the gateway above about 3 MiB)", quoted)
    headers = {**json_type, "x-long": "x" * 10_240}
    if not context.target.is_aws:
        raise NotRun("headers of 10,240 bytes: the emulator has no such limit")
    context.report.check("headers of more than 10,240 bytes", True, context.status("POST", path, b"{}", headers) >= 400)


def odd_requests(context: Context) -> None:
    """Paths and queries that a URI library may refuse. None of them is a 5xx."""
    odd = ["/health?a=b+c", "/health?a=%22", "/api/v1/webhooks/a%20b", "/a%2Fb%3Fc", "/%C3%A4", "//health", "/%25"]
    for path in odd:
        context.report.check(f"no 5xx for {path}", True, context.status("GET", path) < 500)
    query = urllib.parse.quote('no such"thing', safe="")
    context.report.check("an odd query is read", 400, context.status("GET", f"/api/v1/webhooks?{query}=1"))
