"""The emulator's process: MiniStack, with a few things put right before it starts.

All of them reach into MiniStack's own functions (1.5.33, pinned), because it has no settings for them; a release that renames
them ends the start with an AttributeError.
"""

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

# What stands in this file, if it is there, is where functions that start from then on find AWS: a fault proxy. It lies
# in the emulator's folder, which is its HOME.
FUNCTIONS_ENDPOINT = Path(os.environ["HOME"]) / "functions_endpoint"


class StreamCheckpoints:
    """Replays a stream's batch as Lambda does: from the first record that the function reported, or, when the function
    failed, by halves (`ReportBatchItemFailures` and `BisectBatchOnFunctionError`).

    MiniStack takes whatever a function answers for the success of the whole batch: a record in `batchItemFailures` is
    never seen again, and its event would have no deliveries. And it repeats a failed batch whole, however often. Here
    all but the success of the whole counts as a failure, after which MiniStack hands out the same batch again; records
    that are done are left out then.
    """

    def __init__(self, execute: Any) -> None:
        self.execute = execute
        # By stream: the records of the batch under way that are done, and how many of the others go at once.
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


# `X-Amzn-Trace-Id` of the SQS request under way, and the one that the invocation under way is given.
SENT_WITH: contextvars.ContextVar[str] = contextvars.ContextVar("sent_with", default="")
INVOKED_WITH: contextvars.ContextVar[str] = contextvars.ContextVar("invoked_with", default="")


class Lineage:
    """Ends a chain of invocations and sends as Lambda's recursive loop detection does.

    MiniStack counts invocations that functions make of functions, and knows nothing of queues. On AWS the counts travel
    in the trace header: Lambda gives it to the function, the SDK sends it along, SQS keeps it with the messages, and
    Lambda counts the next invocation on top. A function that was counted 16 times is not invoked, unless its
    `RecursiveLoop` is `Allow`: its messages come back when their visibility ends, one receive older.

    AWS does not say which count a batch of messages has. Here it is the largest, which is the worst for us.
    """

    # As in `Lineage=1:2f3d9f0b:15|1:a87bd80c:3`: version, function, count.
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
        # A setting of the function, which MiniStack's versions of it do not have.
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
    """What makes an invocation's trace id, so that it is the one with the counts."""
    return lambda *arguments: INVOKED_WITH.get() or trace_id(*arguments)


def noting_trace(handle: Any) -> Any:
    """What takes SQS's requests, so that the trace header of each is known while it is carried out."""

    async def handle_request(method: str, path: str, headers: dict[str, str], *rest: Any) -> Any:
        SENT_WITH.set(headers.get("x-amzn-trace-id", ""))
        return await handle(method, path, headers, *rest)

    return handle_request


def with_trace(attributes: Any) -> Any:
    """What makes a sent message's system attributes, so that the request's trace header is among them."""

    def system_attributes(*arguments: Any) -> dict[str, str]:
        made = attributes(*arguments)
        return {"AWSTraceHeader": SENT_WITH.get(), **made} if SENT_WITH.get() else made

    return system_attributes


class StreamedInserts:
    """Gives each `INSERT` of PartiQL its record in the table's stream, as DynamoDB does.

    MiniStack writes one for `PutItem` and the other writes, but none for a statement: events that were stored by statements
    would never be dispatched. (An `INSERT` in `ExecuteTransaction`, which nothing here uses, would have its record even
    when the transaction is rolled back.)
    """

    def __init__(self, insert: Any) -> None:
        self.insert = insert

    def __call__(self, table: dict[str, Any], parsed: dict[str, Any]) -> Any:
        status, headers, body = self.insert(table, parsed)
        if status == 200:
            dynamodb._emit_stream_event(parsed["table"], "INSERT", None, parsed["item"])
        return status, headers, body


def with_endpoint(environment: Any) -> Any:
    """What makes a function's environment, so that it also knows of the file."""

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
    lambda_svc._provided_worker_env = with_endpoint(lambda_svc._provided_worker_env)
    app.main()
