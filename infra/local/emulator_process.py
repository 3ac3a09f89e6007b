"""The emulator's process: MiniStack, with a few things put right before it starts.

All of them reach into MiniStack's own functions (1.5.33, pinned), because it has no settings for them; a release that renames
them ends the start with an AttributeError.
"""

import itertools
import os
from pathlib import Path
from typing import Any

from ministack import app
from ministack.services import dynamodb, lambda_svc

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
    lambda_svc._execute_function = StreamCheckpoints(lambda_svc._execute_function)
    dynamodb._partiql_insert = StreamedInserts(dynamodb._partiql_insert)
    lambda_svc._provided_worker_env = with_endpoint(lambda_svc._provided_worker_env)
    app.main()
