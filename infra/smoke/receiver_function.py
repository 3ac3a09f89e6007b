"""The receiver of the smoke test: answers as its path says, and remembers each POST.

The path is /<answer>/<name>. The answers are ok, 500, slow (after three seconds), 410, and flaky-N (N times 503, then
204). This file is the code of a Lambda function in an account of its own table; `LocalReceiver` runs the same rules in
this process. It has to stay below the 4,096 characters that CloudFormation takes inline.
"""

import os
import time

SLOW_SECONDS = 3


def answer(path, attempt):
    """The status and the wait before it, for the n-th POST of one event to `path`."""
    kind = path.strip("/").split("/")[0]
    if kind.startswith("flaky-"):
        return (503 if attempt <= int(kind[6:]) else 204), 0
    return {"500": (500, 0), "410": (410, 0), "slow": (204, SLOW_SECONDS)}.get(kind, (204, 0))


def handler(event, _context):
    """A function URL's request."""
    import boto3

    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    path = event["rawPath"]
    message = event["headers"].get("webhook-id", "?")
    counted = table.update_item(
        Key={"path": path, "message": message},
        UpdateExpression="ADD attempts :one SET last = :now",
        ExpressionAttributeValues={":one": 1, ":now": int(time.time())},
        ReturnValues="ALL_NEW",
    )
    status, wait = answer(path, int(counted["Attributes"]["attempts"]))
    time.sleep(wait)
    return {"statusCode": status, "body": ""}
