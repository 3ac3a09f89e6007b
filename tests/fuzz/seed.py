#!/usr/bin/env python3
"""Writes the fixtures to corpus/<target> as requests: headers, an empty line, the body."""

import json
from base64 import b64encode
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"
# Posts in formats that no fixture has.
GENERIC = {"type": "email.bounced", "email_id": "1", "recipient": "a@example.com", "timestamp": "2026-01-01T00:00:00Z",
           "bounce_type": "hard", "tags": ["a"], "metadata": {"n": 1}, "geo": {"country": "FR"}, "smtp_code": 550}
MULTIPART = ("--x\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\nbounced\r\n"
             "--x\r\nContent-Disposition: form-data; name=\"attachment-1\"; filename=\"message.mime\"\r\n"
             "Content-Type: application/octet-stream\r\n\r\n\x00\r\n--x--\r\n")


def write(target: str, name: str, headers: dict[str, str], body: bytes) -> None:
    head = "".join(f"{key}: {value}\n" for key, value in headers.items())
    path = HERE / "corpus" / target / name.replace("/", "_")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head.encode() + b"\n" + body)


def main() -> None:
    for entry in json.loads((FIXTURES / "index.json").read_text())["fixtures"]:
        provider, auth = entry["provider"], entry["auth"]
        body = (FIXTURES / entry["file"]).read_bytes()
        headers = dict(entry["headers"])
        if "now" in auth:
            headers["x-now"] = str(auth["now"])
        write(f"parse_{provider}", entry["id"], headers, body)
        if auth.get("valid"):
            write(f"verify_{provider}", entry["id"], headers, body)
    json_type = {"content-type": "application/json"}
    write("parse_generic", "one", json_type, json.dumps(GENERIC).encode())
    write("parse_generic", "batch", json_type, json.dumps([GENERIC, {**GENERIC, "type": "email.opened"}]).encode())
    write("parse_mailgun", "multipart", {"content-type": "multipart/form-data; boundary=x"}, MULTIPART.encode())
    for number, secret in enumerate(["first-0123456789", "second-0123456789"]):
        basic = b64encode(f"user:{secret}".encode()).decode()
        write("verify_credentials", f"basic{number}", {"authorization": f"Basic {basic}"}, b"")
        write("verify_credentials", f"bearer{number}", {"authorization": f"Bearer {secret}"}, b"")
        write("verify_credentials", f"header{number}", {"x-api-key": secret}, b"")


if __name__ == "__main__":
    main()
