#!/usr/bin/env python3
"""Tries the events of a deployed stack's dispatch-failures queue again.

    dispatch_again.py [--stack NAME]

For each message that names an event, a job goes to the deliveries queue, and then the message is deleted. If `deliver`
cannot read the event either, the job becomes a dead letter; a redrive of the dead-letter queue tries it once more. So
run this after an upgrade that can read the event. A message of Lambda's own names positions in the stream, and no
event: it is printed and stays in the queue.

It uses the AWS account and region of the environment, as deploy.py does. Its caller needs sqs:ReceiveMessage and
sqs:DeleteMessage on the dispatch-failures queue, and sqs:SendMessage on the deliveries queue.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "local"))

import argparse
import json
from typing import Any

from account import ask, outputs_in, settle_region

# How long a received message is hidden, in seconds. Reason: a run sends and deletes ten messages within a second.
HIDDEN = 60

RECEIVE = f"""
answer = boto3.client("sqs").receive_message(
    QueueUrl=sys.argv[1], MaxNumberOfMessages=10, WaitTimeSeconds=2, VisibilityTimeout={HIDDEN}
)
print(json.dumps([[one["Body"], one["ReceiptHandle"]] for one in answer.get("Messages", [])]))
"""
# The job is sent before the message is deleted: a crash between the two repeats a job, and loses none.
HAND_OVER = """
sqs = boto3.client("sqs")
sqs.send_message(QueueUrl=sys.argv[1], MessageBody=sys.argv[2], MessageGroupId=sys.argv[3])
sqs.delete_message(QueueUrl=sys.argv[4], ReceiptHandle=sys.argv[5])
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="mailhooks", help="the stack's name (mailhooks)")
    arguments = parser.parse_args()
    stack = outputs_in(settle_region(), arguments.stack)
    failures, deliveries = stack["DispatchFailuresQueueUrl"], stack["DeliveriesQueueUrl"]
    handed_over, left = 0, set()
    while messages := json.loads(ask(RECEIVE, "what is in the dispatch-failures queue", failures)):
        known = len(left) + handed_over
        for body, receipt in messages:
            job = job_of(body)
            if job:
                why = "whether the job was sent and its message deleted"
                ask(HAND_OVER, why, deliveries, json.dumps(job), job["tenant"], failures, receipt)
                handed_over += 1
            elif body not in left:
                print(f"names no event, and stays in the queue: {body}")
                left.add(body)
        if len(left) + handed_over == known:
            break
    print(f"{handed_over} events are tried again, {len(left)} messages stay")
    return 1 if left else 0


def job_of(body: str) -> dict[str, Any] | None:
    """The job that tries the event of a message again; `None` if the message names no event.

    The jobs are those of docs/reference/jobs.md. If SQS refused the job of one webhook, only that webhook gets one.
    """
    try:
        failure = json.loads(body)
        tenant, event = failure["pk"].split("#")[0], failure["sk"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if not (tenant.startswith("ten_") and event.startswith("evt_")):
        return None
    if failure.get("webhook"):
        return {"v": 1, "kind": "deliver", "tenant": tenant, "webhook": failure["webhook"], "event": event}
    return {"v": 1, "kind": "dispatch", "tenant": tenant, "event": event}


if __name__ == "__main__":
    sys.exit(main())
