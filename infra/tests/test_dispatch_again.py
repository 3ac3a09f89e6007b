"""Tests `dispatch_again.py`: which job each message becomes, and that a message is deleted after its job was sent."""

import contextlib
import io
import json
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "local")]

import dispatch_again

FAILURE = {"reason": "unreadable", "pk": "ten_01#2026-01-02#3", "sk": "evt_01", "sequence_number": "7"}
OF_LAMBDA = {"requestContext": {"functionArn": "arn"}, "DDBStreamBatchInfo": {"shardId": "s"}}


class DispatchAgain(unittest.TestCase):
    def test_a_message_that_names_an_event_becomes_a_job(self) -> None:
        whole = {"v": 1, "kind": "dispatch", "tenant": "ten_01", "event": "evt_01"}
        self.assertEqual(dispatch_again.job_of(json.dumps(FAILURE)), whole)
        of_webhook = {**whole, "kind": "deliver", "webhook": "wh_01"}
        refused = {**FAILURE, "reason": "job_refused", "webhook": "wh_01"}
        self.assertEqual(dispatch_again.job_of(json.dumps(refused)), of_webhook)
        for other in [OF_LAMBDA, {}, [], 7, {"pk": "x", "sk": "y"}, {"pk": 1, "sk": 2}]:
            self.assertIsNone(dispatch_again.job_of(json.dumps(other)))
        self.assertIsNone(dispatch_again.job_of("no JSON"))

    def test_what_names_an_event_is_handed_over_and_the_rest_stays(self) -> None:
        batches = [[[json.dumps(FAILURE), "r1"], [json.dumps(OF_LAMBDA), "r2"]], [[json.dumps(OF_LAMBDA), "r3"]]]
        asked = []

        def ask(script: str, _what: str, *arguments: str) -> str:
            asked.append((script, arguments))
            return json.dumps(batches.pop(0) if batches else []) if script == dispatch_again.RECEIVE else ""

        queues = {"DispatchFailuresQueueUrl": "failures", "DeliveriesQueueUrl": "deliveries"}
        printed = io.StringIO()
        with (
            mock.patch.object(dispatch_again, "ask", ask),
            mock.patch.object(dispatch_again, "settle_region", lambda: "eu-central-1"),
            mock.patch.object(dispatch_again, "outputs_in", lambda _region, _stack: queues),
            mock.patch.object(sys, "argv", ["dispatch_again.py"]),
            contextlib.redirect_stdout(printed),
        ):
            self.assertEqual(dispatch_again.main(), 1)
        handed_over = [arguments for script, arguments in asked if script == dispatch_again.HAND_OVER]
        job = json.dumps(dispatch_again.job_of(json.dumps(FAILURE)))
        self.assertEqual(handed_over, [("deliveries", job, "ten_01", "failures", "r1")])
        self.assertIn("1 events are tried again, 1 messages stay", printed.getvalue())
        sends = dispatch_again.HAND_OVER
        self.assertLess(sends.index("send_message"), sends.index("delete_message"))


if __name__ == "__main__":
    unittest.main()
