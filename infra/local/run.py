#!/usr/bin/env python3
"""Shows the main function of mailhooks: real provider bodies in, signed deliveries out, with the real template.

    run.py [--port N] [--once]

The stack stays up until Ctrl-C. With --once the program ends after the demonstration, and fails if an event did not
arrive or is not listed.
"""

import sys

import tools

if __name__ == "__main__":
    tools.run_inside_environment()

import argparse
import signal
import time

from api import Api, Refused, send
from providers import Mailgun, SendGrid
from receiver import Receiver
from stack import Stack, end_on_signals

# Maximum wait. Reason: the flaky receiver's deliveries take 2 + 4 s; the rest is for busy machines.
WAIT_SECONDS = 300
MAILGUN_FIXTURES = ["delivered.json", "failed_permanent.json", "opened.json", "clicked.json"]
SENDGRID_FIXTURES = ["processed.json", "delivered.json", "bounce.json"]
EVENTS = len(MAILGUN_FIXTURES) + len(SENDGRID_FIXTURES)
PATHS = ["/ok", "/flaky"]
EVENTS_PATH = "/api/v1/events"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=4566, help="the emulator's port (4566)")
    parser.add_argument("--once", action="store_true", help="end after the demonstration")
    arguments = parser.parse_args()
    end_on_signals()
    receiver = Receiver()
    with Stack(arguments.port, "run") as stack:
        receiver.start()
        try:
            return demonstrate(stack, receiver, arguments.once)
        except Refused as error:
            print(f"{error}\nlogs: {stack.description['log_file']}", file=sys.stderr)
            return 1
        finally:
            receiver.stop()


def demonstrate(stack: Stack, receiver: Receiver, once: bool) -> int:
    url, admin_key = stack.description["api_url"], stack.description["admin_key"]
    admin = Api(url, admin_key)
    tenant = admin.post("/api/v1/tenants", {"name": "Acme"})["id"]
    key = admin.post("/api/v1/keys", {"tenant_id": tenant, "role": "tenant", "name": "demo"})["key"]
    acme = Api(url, key, tenant)
    for path in PATHS:
        webhook = {"url": receiver.url(path), "events": ["*"]}
        if path == "/flaky":
            webhook["retry_policy"] = {"delays_seconds": [2, 4, 8]}
        receiver.secrets[path] = acme.post("/api/v1/webhooks", webhook)["secret"]
    print(f"tenant {tenant} has webhooks at {receiver.url('/ok')} and {receiver.url('/flaky')}, which fails twice")
    post_events(acme)
    complete = wait(receiver)
    for path in PATHS:
        attempts = sum(post.path == path for post in receiver.received)
        print(f"{path}: {receiver.delivered(path)} of {EVENTS} events delivered, {attempts} attempts")
    listed = len(acme.get(EVENTS_PATH)["data"])
    print(f"GET {EVENTS_PATH}: {listed} of {EVENTS} events listed")
    complete = complete and listed == EVENTS
    if not complete:
        print(f"NOT everything arrived and is listed; logs: {stack.description['log_file']}", file=sys.stderr)
    if once:
        return 0 if complete else 1
    stay(stack, tenant, key)
    return 0


def post_events(acme: Api) -> None:
    """Creates a source for each provider, and posts to it as the provider does."""
    mailgun, sendgrid = Mailgun(), SendGrid()
    requests = [(mailgun, mailgun.request(fixture)) for fixture in MAILGUN_FIXTURES]
    requests.append((sendgrid, sendgrid.request(*SENDGRID_FIXTURES)))
    paths = {}
    for provider in (mailgun, sendgrid):
        wanted = {"provider": provider.name, "verification": provider.verification}
        paths[provider] = acme.post("/api/v1/sources", wanted)["ingest_path"]
    print(f"posting {EVENTS} events: {len(MAILGUN_FIXTURES)} Mailgun bodies and a SendGrid batch of the rest")
    for provider, (body, headers) in requests:
        send("POST", f"{acme.url}{paths[provider]}", body, headers)


def wait(receiver: Receiver) -> bool:
    """Waits until every path has accepted every event, or until the maximum wait is over."""
    deadline = time.monotonic() + WAIT_SECONDS
    while any(receiver.delivered(path) < EVENTS for path in PATHS):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def stay(stack: Stack, tenant: str, key: str) -> None:
    """Prints URLs and keys for manual requests, and waits for Ctrl-C."""
    url = stack.description["api_url"]
    print(
        f"\nThe stack stays up until Ctrl-C.\n\n"
        f"  API        {url}\n"
        f"  admin key  {stack.description['admin_key']}\n"
        f"  tenant     {tenant}\n"
        f"  its key    {key}\n"
        f"  logs       {stack.description['log_file']}\n\n"
        f"This lists the events:\n\n"
        f"  curl '{url}{EVENTS_PATH}' -H 'authorization: Bearer {key}' -H 'x-tenant-id: {tenant}'\n",
        flush=True,
    )
    signal.pause()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nstopped")
        sys.exit(0)
