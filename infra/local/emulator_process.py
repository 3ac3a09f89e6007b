"""The emulator's process: MiniStack, with a few corrections before it starts.

All corrections change MiniStack's own functions (1.5.33, pinned), because it has no settings for them. If a release
renames these functions, the start fails with an AttributeError.
"""

import collections
import contextvars
import itertools
import os
import re
import secrets
import time
import zlib
from pathlib import Path
from typing import Any

from ministack import app
from ministack.services import dynamodb, lambda_svc, sqs

# If this file exists, its text is the AWS endpoint (a fault proxy) of functions that start from then on. The file is in
# the emulator's folder, which is its HOME.
FUNCTIONS_ENDPOINT = Path(os.environ["HOME"]) / "functions_endpoint"


class StreamCheckpoints:
    """Replays a stream's batch as Lambda does: from the first record that the function reported or, if the function
    failed, in halves (`ReportBatchItemFailures` and `BisectBatchOnFunctionError`).

    MiniStack treats any answer of a function as the success of the whole batch: it never replays a record in
    `batchItemFailures`, whose event would then have no deliveries. And it always repeats a failed batch whole. With
    this correction, everything except the success of the whole batch counts as a failure. MiniStack then hands out the
    same batch again, and the correction leaves out the records that are done.
    """

    def __init__(self, execute: Any) -> None:
        self.execute = execute
        # By stream: the done records of the present batch, and how many of the others go in one invocation.
        self.done: dict[str, set[str]] = {}
        self.most: dict[str, int] = {}

    def __call__(self, function: dict[str, Any], event: Any) -> dict[str, Any]:
        records = event.get("Records") if isinstance(event, dict) else None
        if not records or records[0].get("eventSource") != "aws:dynamodb":
            return self.execute(function, event)
        stream = records[0]["eventSourceARN"]
        done = self.done.setdefault(stream, set())
        left = [record for record in records if sequence_number(record) not in done]
        given = left[: self.most.get(stream, len(left))]
        result = self.execute(function, {**event, "Records": given})
        if result.get("error"):
            self.most[stream] = max(1, len(given) // 2)
            return result
        failures = (result.get("body") or {}).get("batchItemFailures", [])
        reported = {failure["itemIdentifier"] for failure in failures}
        done.update(itertools.takewhile(lambda number: number not in reported, map(sequence_number, given)))
        if not failures and len(given) == len(left):
            done.clear()
            self.most.pop(stream, None)
            return result
        reason = {"errorType": "NotTheWholeBatch", "errorMessage": f"{len(failures)} records reported"}
        return {**result, "error": True, "body": reason}


def sequence_number(record: dict[str, Any]) -> str:
    return record["dynamodb"]["SequenceNumber"]


# `X-Amzn-Trace-Id` of the present SQS request, and of the present invocation.
SENT_WITH: contextvars.ContextVar[str] = contextvars.ContextVar("sent_with", default="")
INVOKED_WITH: contextvars.ContextVar[str] = contextvars.ContextVar("invoked_with", default="")


class Lineage:
    """Ends a chain of invocations and sends as Lambda's recursive loop detection does.

    MiniStack counts invocations of functions by functions, but does not count through queues. On AWS the trace header
    carries the counts: Lambda gives the header to the function, the SDK sends it with requests, SQS keeps it with the
    messages, and Lambda adds one at the next invocation. Lambda does not invoke a function that was counted 16 times,
    unless its `RecursiveLoop` is `Allow`. The messages then return when their visibility ends, with one more receive.

    AWS does not document which count a batch of messages has. This correction takes the largest count, which is the
    worst case for us.
    """

    # For example `Lineage=1:2f3d9f0b:15|1:a87bd80c:3`: version, function, count.
    COUNT = re.compile(r"1:([0-9a-f]{8}):(\d+)")

    def __init__(self, execute: Any) -> None:
        self.execute = execute

    def __call__(self, function: dict[str, Any], event: Any) -> dict[str, Any]:
        records = event.get("Records") if isinstance(event, dict) else None
        if not records or records[0].get("eventSource") != "aws:sqs":
            return self.execute(function, event)
        name = function["config"]["FunctionName"]
        mark = f"{zlib.crc32(name.encode()):08x}"
        counts = {mark: 0}
        for record in records:
            for counted, count in self.COUNT.findall(record["attributes"].get("AWSTraceHeader", "")):
                counts[counted] = max(int(count), counts.get(counted, 0))
        counts[mark] += 1
        # RecursiveLoop is a setting of the function; MiniStack's versions of the function do not have it.
        if lambda_svc._recursive_loop_drop(name, lambda_svc._functions[name], counts[mark]):
            return {"error": True, "body": {"errorType": "RecursiveInvocationException", "errorMessage": name}}
        lineage = "|".join(f"1:{counted}:{count}" for counted, count in counts.items())
        root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
        INVOKED_WITH.set(f"Root={root};Parent={secrets.token_hex(8)};Sampled=0;Lineage={lineage}")
        try:
            return self.execute(function, event)
        finally:
            INVOKED_WITH.set("")


def with_lineage(trace_id: Any) -> Any:
    """Wraps the function that makes an invocation's trace id, so that the id has the counts."""
    return lambda *arguments: INVOKED_WITH.get() or trace_id(*arguments)


def noting_trace(handle: Any) -> Any:
    """Wraps the handler of SQS requests, so that the trace header of each request is known while it runs."""

    async def handle_request(method: str, path: str, headers: dict[str, str], *rest: Any) -> Any:
        SENT_WITH.set(headers.get("x-amzn-trace-id", ""))
        return await handle(method, path, headers, *rest)

    return handle_request


def with_trace(attributes: Any) -> Any:
    """Wraps the function that makes a message's system attributes, so that they include the request's trace header."""

    def system_attributes(*arguments: Any) -> dict[str, str]:
        made = attributes(*arguments)
        return {"AWSTraceHeader": SENT_WITH.get(), **made} if SENT_WITH.get() else made

    return system_attributes


class StreamedInserts:
    """Writes a record to the table's stream for each `INSERT` of PartiQL, as DynamoDB does.

    MiniStack writes a record for `PutItem` and other writes, but none for a statement, so events that were stored by
    statements would never be dispatched. (An `INSERT` in `ExecuteTransaction`, which nothing here uses, would have its
    record even if the transaction is rolled back.)
    """

    def __init__(self, insert: Any) -> None:
        self.insert = insert

    def __call__(self, table: dict[str, Any], parsed: dict[str, Any]) -> Any:
        status, headers, body = self.insert(table, parsed)
        if status == 200:
            dynamodb._emit_stream_event(parsed["table"], "INSERT", None, parsed["item"])
        return status, headers, body


class TwelveHours:
    """Refuses a visibility timeout that ends later than 12 hours after the message was received, as SQS does.

    MiniStack counts the 12 hours from the request. SQS counts them from the receive, which can be earlier by as long as
    the function has run and the message has waited for it.
    """

    SECONDS = 43_200

    def __init__(self, change: Any, queue: Any) -> None:
        self.change = change
        self.queue = queue

    def __call__(self, data: dict[str, Any], url: str) -> dict[str, Any]:
        by_receipt = {each["receipt_handle"]: each for each in self.queue(data.get("QueueUrl", url))["messages"]}
        taken, refused = [], []
        for entry in data["Entries"]:
            message = by_receipt.get(entry.get("ReceiptHandle"), {})
            ends = time.time() + int(entry.get("VisibilityTimeout", 0))
            late = ends > message.get("received_at", time.time()) + self.SECONDS
            (refused if late else taken).append(entry)
        answer = self.change({**data, "Entries": taken}, url) if taken else {"Successful": [], "Failed": []}
        text = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
        failed = [
            {"Id": entry["Id"], "Code": "InvalidParameterValue", "Message": text, "SenderFault": True}
            for entry in refused
        ]
        return {**answer, "Failed": [*answer["Failed"], *failed]}


class FairQueues:
    """Hands out the messages of quiet groups first, as SQS does in standard queues whose messages have groups.

    MiniStack hands out messages in the order in which they were sent, so one tenant's backlog would delay all others.
    SQS calls a group noisy if it has more than a tenth of the messages in flight and at least thirty of them, and hands
    out the messages of other groups before those of noisy groups. It also calls a group noisy by its share of the
    processing time. This correction does not, which is the worse case for us.
    """

    NOISY_SHARE = 0.1
    NOISY_MESSAGES = 30

    def __init__(self, collect: Any) -> None:
        self.collect = collect

    def __call__(self, queue: dict[str, Any], *arguments: Any) -> list[dict[str, Any]]:
        if not queue.get("is_fifo"):
            noisy = self.noisy(queue["messages"])
            # The sort is stable, and messages keep the order of their sending among noisy and among quiet groups.
            queue["messages"].sort(key=lambda message: (message.get("group_id") in noisy, message.get("sent_at", 0)))
        return self.collect(queue, *arguments)

    def noisy(self, messages: list[dict[str, Any]]) -> set[str]:
        now = time.time()
        in_flight = collections.Counter(
            message.get("group_id")
            for message in messages
            if message.get("receive_count", 0) > 0 and message.get("visible_at", 0) > now
        )
        most = self.NOISY_SHARE * in_flight.total()
        return {
            group for group, count in in_flight.items() if group and count > most and count >= self.NOISY_MESSAGES
        }


def noting_receives(collect: Any) -> Any:
    """Wraps the function that receives messages, so that each message has the time of its receive."""

    def collected(*arguments: Any) -> list[dict[str, Any]]:
        messages = collect(*arguments)
        for message in messages:
            message["received_at"] = time.time()
        return messages

    return collected


def with_spaces(build: Any) -> Any:
    """Wraps the function that makes a function URL's event. Function URLs give a space for a `+` in the query, and
    MiniStack gives `%20`."""

    def event(*arguments: Any, **named: Any) -> dict[str, Any]:
        made = build(*arguments, **named)
        return {**made, "rawQueryString": made["rawQueryString"].replace("%20", " ")}

    return event


def with_endpoint(environment: Any) -> Any:
    """Wraps the function that makes a function's environment, so that it applies the file's endpoint."""

    def variables(*arguments: Any) -> dict[str, str]:
        made = environment(*arguments)
        if FUNCTIONS_ENDPOINT.is_file():
            made["AWS_ENDPOINT_URL"] = FUNCTIONS_ENDPOINT.read_text().strip()
        return made

    return variables


if __name__ == "__main__":
    lambda_svc._execute_function = Lineage(StreamCheckpoints(lambda_svc._execute_function))
    lambda_svc._xray_trace_id_for_invocation = with_lineage(lambda_svc._xray_trace_id_for_invocation)
    sqs.handle_request = noting_trace(sqs.handle_request)
    sqs._build_send_sys_attrs = with_trace(sqs._build_send_sys_attrs)
    dynamodb._partiql_insert = StreamedInserts(dynamodb._partiql_insert)
    change = TwelveHours(sqs._act_change_visibility_batch, lambda url: sqs._get_q(url, "sqs:ChangeMessageVisibility"))
    sqs._HANDLERS["ChangeMessageVisibilityBatch"] = change
    sqs._collect_msgs = noting_receives(FairQueues(sqs._collect_msgs))
    lambda_svc._build_function_url_event = with_spaces(lambda_svc._build_function_url_event)
    lambda_svc._provided_worker_env = with_endpoint(lambda_svc._provided_worker_env)
    app.main()
