"""A client of the HTTP API."""

import json
import urllib.error
import urllib.request
from typing import Any

TIMEOUT_SECONDS = 300
# The user's proxy is for other hosts, not for this machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Exception):
    """The API answered with a problem."""


class Api:
    """Calls the API with one key, for one tenant if given."""

    def __init__(self, url: str, key: str, tenant: str | None = None) -> None:
        self.url = url
        self.headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        if tenant:
            self.headers["x-tenant-id"] = tenant

    def get(self, path: str) -> Any:
        return self.call("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.call("POST", path, json.dumps(body).encode())

    def call(self, method: str, path: str, body: bytes | None) -> Any:
        return json.loads(send(method, f"{self.url}{path}", body, self.headers) or b"null")


def send(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> bytes:
    """The body of a successful response. Raises `Refused` with the server's text otherwise."""
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise Refused(f"{method} {url}: {error.code} {error.read().decode(errors='replace')}") from None
