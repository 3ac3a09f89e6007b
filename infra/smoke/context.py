"""What the steps of the smoke test share: the target, the receiver, a tenant, and a few calls."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from api import OPENER, Api
from report import Report
from target import Aws, Emulated


class Context:
    """A tenant of the stack, and what the steps do with it. `open` comes after the deployment."""

    def __init__(self, target: Aws | Emulated, report: Report) -> None:
        self.target, self.report = target, report
        self.receiver: Any = None
        self.numbers = 0

    def open(self) -> None:
        """Makes the receiver, a tenant and its key."""
        self.receiver = self.target.receiver()
        self.admin = Api(self.target.url(), self.target.admin_key())
        self.tenant = self.admin.post("/api/v1/tenants", {"name": "smoke"})["id"]
        self.key = self.admin.post("/api/v1/keys", {"tenant_id": self.tenant, "role": "tenant", "name": "smoke"})["key"]
        self.acme = Api(self.target.url(), self.key, self.tenant)

    def webhook(self, path: str, **settings: Any) -> str:
        """The id of a new webhook at this path of the receiver."""
        given = {"url": self.receiver.url(path), "events": ["*"], **settings}
        return self.acme.post("/api/v1/webhooks", given)["id"]

    def drop(self, webhook: str) -> None:
        self.acme.call("DELETE", f"/api/v1/webhooks/{webhook}", None)

    def events(self, count: int, **fields: Any) -> list[dict[str, Any]]:
        """New own events."""
        self.numbers += count
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return [
            {"type": "email.delivered", "id": f"smoke-{self.numbers - number}", "timestamp": now,
             "recipient": "to@example.com", **fields}
            for number in range(count)
        ]

    def publish(self, count: int = 1, **fields: Any) -> list[str]:
        """The ids of new events."""
        body = json.dumps(self.events(count, **fields)).encode()
        return [each["id"] for each in self.acme.call("POST", "/api/v1/events", body)["data"]]

    def status(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> int:
        """The status of any request, with the tenant's key unless `headers` has another."""
        all_headers = {"authorization": f"Bearer {self.key}", "x-tenant-id": self.tenant, **(headers or {})}
        request = urllib.request.Request(self.target.url() + path, data=body, headers=all_headers, method=method)
        try:
            with OPENER.open(request, timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def reached(self, path: str, messages: int, posts: int, seconds: float) -> tuple[int, int]:
        """Waits until `path` has had so many messages in so many POSTs. Returns what it had."""
        def counts() -> tuple[int, int]:
            attempts = self.receiver.attempts(path)
            return len(attempts), sum(attempts.values())

        until(lambda: counts()[0] >= messages and counts()[1] >= posts, seconds)
        return counts()

    def queue_depth(self, output: str) -> int:
        """Messages of a queue that can be received now."""
        name = "ApproximateNumberOfMessages"
        queue = self.target.outputs[output]
        attributes = self.target.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=[name])
        return int(attributes["Attributes"][name])

    def metric(self, namespace: str, name: str, dimensions: dict[str, str], minutes: int = 90) -> float | None:
        """The sum of a CloudWatch metric; `None` if it has no data."""
        now = time.time()
        found = self.target.client("cloudwatch").get_metric_statistics(
            Namespace=namespace, MetricName=name, Period=60, StartTime=now - 60 * minutes, EndTime=now,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()], Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in found) if found else None


def until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Waits until `is_so`, at most so long."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(1)
    return True
