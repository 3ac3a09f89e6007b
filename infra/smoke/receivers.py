"""Where the smoke test's deliveries go: a stack of its own in the account, or a server in this process."""

import collections
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from receiver_function import answer

HERE = Path(__file__).resolve().parent


class StackReceiver:
    """A function with a URL, and its table."""

    def __init__(self, client: Any, name: str, tags: list[dict[str, str]]) -> None:
        """`client` makes a client of a service, by its name."""
        self.client, self.name = client, name
        code = "\n".join("          " + line for line in (HERE / "receiver_function.py").read_text().splitlines())
        template = (HERE / "receiver.yaml").read_text().replace("ZipFile: CODE", "ZipFile: |\n" + code)
        stacks = client("cloudformation")
        stacks.create_stack(StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"], Tags=tags)
        stacks.get_waiter("stack_create_complete").wait(StackName=name)
        described = stacks.describe_stacks(StackName=name)["Stacks"][0]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        self.base, self.table = outputs["Url"].rstrip("/"), outputs["TableName"]

    def url(self, path: str) -> str:
        return self.base + path

    def attempts(self, path: str) -> dict[str, int]:
        """The number of POSTs to `path`, by the id of the message."""
        pages = self.client("dynamodb").get_paginator("query").paginate(
            TableName=self.table, KeyConditionExpression="#path = :path", ConsistentRead=True,
            ExpressionAttributeNames={"#path": "path"}, ExpressionAttributeValues={":path": {"S": path}},
        )
        rows = [row for page in pages for row in page["Items"]]
        return {row["message"]["S"]: int(row["attempts"]["N"]) for row in rows}

    def stop(self) -> None:
        self.client("cloudformation").delete_stack(StackName=self.name)


class LocalReceiver:
    """The same receiver on loopback, which the emulator's functions may reach."""

    def __init__(self) -> None:
        self.counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        self.lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                with receiver.lock:
                    counts = receiver.counts[self.path]
                    counts[self.headers.get("webhook-id", "?")] += 1
                    attempt = counts[self.headers.get("webhook-id", "?")]
                status, wait = answer(self.path, attempt)
                time.sleep(wait)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """The report has the counts."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def attempts(self, path: str) -> dict[str, int]:
        with self.lock:
            return dict(self.counts[path])

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
