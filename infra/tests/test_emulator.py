"""Tests the corrections of the emulator, without the emulator: its modules are replaced by empty ones."""

import importlib.util
import os
import sys
import time
import types
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

FILE = Path(__file__).resolve().parents[1] / "local" / "emulator_process.py"


def loaded() -> Any:
    empty = types.ModuleType("ministack")
    empty.app = types.ModuleType("app")
    services = types.ModuleType("ministack.services")
    services.dynamodb, services.lambda_svc, services.sqs = (types.ModuleType(name) for name in ("d", "l", "s"))
    spec = importlib.util.spec_from_file_location("emulator_process", FILE)
    module = importlib.util.module_from_spec(spec)
    modules = {"ministack": empty, "ministack.services": services}
    with mock.patch.dict(sys.modules, modules), mock.patch.dict(os.environ, {"HOME": "/nonexistent"}):
        spec.loader.exec_module(module)
    return module


def stream_event(*numbers: str) -> dict[str, Any]:
    records = [
        {"eventSource": "aws:dynamodb", "eventSourceARN": "stream", "dynamodb": {"SequenceNumber": number}}
        for number in numbers
    ]
    return {"Records": records}


class Streams(unittest.TestCase):
    def test_a_batch_is_replayed_from_the_lowest_reported_record(self) -> None:
        given: list[list[str]] = []
        answers = [["3", "2"], []]

        def execute(_function: Any, event: Any) -> dict[str, Any]:
            given.append([record["dynamodb"]["SequenceNumber"] for record in event["Records"]])
            return {"body": {"batchItemFailures": [{"itemIdentifier": each} for each in answers.pop(0)]}}

        checkpoints = loaded().StreamCheckpoints(execute)
        batch = stream_event("1", "2", "3")
        self.assertTrue(checkpoints({}, batch)["error"])
        self.assertNotIn("error", checkpoints({}, batch))
        self.assertEqual(given, [["1", "2", "3"], ["2", "3"]])


class Visibility(unittest.TestCase):
    def test_twelve_hours_count_from_the_receive(self) -> None:
        module = loaded()
        now = time.time()
        messages = [
            {"receipt_handle": "old", "received_at": now - 100}, {"receipt_handle": "new", "received_at": now},
        ]
        changed: list[str] = []

        def change(data: Any, _url: str) -> dict[str, Any]:
            changed.extend(entry["Id"] for entry in data["Entries"])
            return {"Successful": [{"Id": entry["Id"]} for entry in data["Entries"]], "Failed": []}

        rule = module.TwelveHours(change, lambda _url: {"messages": messages})
        entries = [
            {"Id": "a", "ReceiptHandle": "old", "VisibilityTimeout": 43_150},
            {"Id": "b", "ReceiptHandle": "old", "VisibilityTimeout": 43_090},
            {"Id": "c", "ReceiptHandle": "new", "VisibilityTimeout": 43_190},
        ]
        answer = rule({"Entries": entries}, "queue")
        self.assertEqual(changed, ["b", "c"])
        self.assertEqual([(each["Id"], each["Code"]) for each in answer["Failed"]], [("a", "InvalidParameterValue")])

    def test_quiet_groups_are_handed_out_before_a_noisy_one(self) -> None:
        later = time.time() + 100
        in_flight = [{"group_id": "noisy", "receive_count": 1, "visible_at": later, "sent_at": n} for n in range(30)]
        waiting = [
            {"group_id": group, "receive_count": 0, "visible_at": 0, "sent_at": 100 + number}
            for number, group in enumerate(["noisy", "noisy", "quiet", None])
        ]
        fair = loaded().FairQueues(lambda queue: [each for each in queue["messages"] if each["visible_at"] < later])
        handed_out = fair({"is_fifo": False, "messages": in_flight + waiting})
        self.assertEqual([each["group_id"] for each in handed_out], ["quiet", None, "noisy", "noisy"])
        # A group with fewer than thirty messages in flight is quiet, and so is each of many groups.
        for others in [in_flight[1:], [{**each, "group_id": str(each["sent_at"])} for each in in_flight]]:
            handed_out = fair({"is_fifo": False, "messages": others + waiting})
            self.assertEqual([each["group_id"] for each in handed_out], ["noisy", "noisy", "quiet", None])

    def test_each_receive_is_noted(self) -> None:
        message: dict[str, Any] = {}
        loaded().noting_receives(lambda: [message])()
        self.assertAlmostEqual(message["received_at"], time.time(), delta=60)


class FunctionUrls(unittest.TestCase):
    def test_a_plus_arrives_as_a_space(self) -> None:
        build = loaded().with_spaces(lambda query: {"rawQueryString": query, "rawPath": "/"})
        self.assertEqual(build("a=b%20c")["rawQueryString"], "a=b c")


if __name__ == "__main__":
    unittest.main()
