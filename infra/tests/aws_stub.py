"""A stub of AWS on loopback, with the few answers that a deployment needs."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

NO_STACK = (400, "ValidationError", "Stack with id mailhooks does not exist")
ACCOUNT = "123456789012"


class Aws:
    """AWS at `endpoint`. `stack` is the description that DescribeStacks returns, or `(status, code, message)` of its
    error. `limit` is the account's limit of concurrent executions, or `None` if the caller may not read it. `calls` are
    the called operations, each with its region.
    """

    def __init__(self) -> None:
        self.stack: dict[str, Any] | tuple[int, str, str] = NO_STACK
        self.limit: int | None = 1000
        self.calls: list[tuple[str, str]] = []
        aws = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                aws.calls.append(("GetAccountSettings", self.region()))
                self.answer(
                    200 if aws.limit else 403, json.dumps({"AccountLimit": {"ConcurrentExecutions": aws.limit}})
                )

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                operation = form["Action"][0]
                aws.calls.append((operation, self.region()))
                result = f"<Account>{ACCOUNT}</Account>"
                if operation == "DescribeStacks":
                    if isinstance(aws.stack, tuple):
                        status, code, message = aws.stack
                        error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
                        self.answer(status, f"<ErrorResponse>{error}</ErrorResponse>")
                        return
                    result = f"<Stacks><member>{xml(aws.stack)}</member></Stacks>"
                self.answer(200, f"<R><{operation}Result>{result}</{operation}Result></R>")

            def region(self) -> str:
                # `Credential=<key>/<day>/<region>/<service>/aws4_request`
                return self.headers["authorization"].split("Credential=")[1].split("/")[2]

            def answer(self, status: int, body: str) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def xml(value: Any) -> str:
    """A stack's description in the form of the query protocol."""
    if isinstance(value, dict):
        return "".join(f"<{name}>{xml(inner)}</{name}>" for name, inner in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{xml(inner)}</member>" for inner in value)
    return escape(str(value))
