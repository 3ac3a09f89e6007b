"""A webhook to an SQS queue of the tenant, in another region, with a key of its own."""

import json
import time
from typing import Any

from context import Context, until
from report import NotRun

# A new key is known everywhere after some seconds.
KEY_SECONDS = 30


def stream(context: Context) -> None:
    """A key that may send, then the same key without the right."""
    if not context.target.is_aws:
        raise NotRun("the emulator takes any key")
    region = "eu-west-1" if context.target.region != "eu-west-1" else "us-east-1"
    name = f"{context.target.name}-stream"
    queues, iam = context.target.client("sqs", region), context.target.client("iam")
    queue = queues.create_queue(QueueName=name, tags={"mailhooks-smoke": context.target.name})["QueueUrl"]
    iam.create_user(UserName=name, Tags=[{"Key": "mailhooks-smoke", "Value": context.target.name}])
    key = None
    try:
        arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="send", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        time.sleep(KEY_SECONDS)
        send_with(context, queues, queue, arn, key)
        iam.delete_user_policy(UserName=name, PolicyName="send")
        time.sleep(KEY_SECONDS)
        refused_with(context, arn, key)
    finally:
        queues.delete_queue(QueueUrl=queue)
        if key:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for each in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=each)
        iam.delete_user(UserName=name)


def credentials(key: dict[str, Any]) -> dict[str, str]:
    return {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}


def send_with(context: Context, queues: Any, queue: str, arn: str, key: dict[str, Any]) -> None:
    given = {"url": arn, "events": ["*"], "credentials": credentials(key)}
    webhook = context.acme.post("/api/v1/webhooks", given)["id"]
    context.publish(3)
    seen: set[str] = set()

    def received() -> bool:
        answer = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        seen.update(message["MessageId"] for message in answer.get("Messages", []))
        return len(seen) >= 3

    until(received, 120)
    context.report.check("three messages in a queue in another region", 3, len(seen))
    context.drop(webhook)


def refused_with(context: Context, arn: str, key: dict[str, Any]) -> None:
    given = {"url": arn, "events": ["*"], "credentials": credentials(key), "retry_policy": {"delays_seconds": []}}
    webhook = context.acme.post("/api/v1/webhooks", given)["id"]
    context.publish(1)
    path = f"/api/v1/webhooks/{webhook}/deliveries?state=dead"
    died = until(lambda: len(context.acme.get(path)["data"]) == 1, 120)
    context.report.check("without the right the delivery dies", True, died)
    context.drop(webhook)
