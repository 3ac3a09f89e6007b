"""Tests `deploy.py` against a stub of AWS. The SAM CLI is replaced by a record of its arguments; the SDK is real."""

import contextlib
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import traceback
import unittest
from pathlib import Path
from unittest import mock

import boto3

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "local")]

import account
import deploy
import rotate_data_key
from aws_stub import ACCOUNT, Aws

OUTPUTS = [{"OutputKey": "ApiUrl", "OutputValue": "https://api.invalid"}]
THROTTLED = (400, "Throttling", "Rate exceeded")
DENIED = (403, "AccessDenied", "User is not authorized to perform cloudformation:DescribeStacks")
# deploy.py has to look at the message too, because CloudFormation has one error code for all invalid requests.
INVALID = (400, "ValidationError", "1 validation error detected: Value at 'stackName' failed to satisfy constraint")


def stack(status: str = "UPDATE_COMPLETE", **parameters: object) -> dict[str, object]:
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    return {
        "StackName": "mailhooks", "StackStatus": status, "CreationTime": "2026-11-01T00:00:00Z", "Parameters": given,
        "Outputs": OUTPUTS,
    }


def without_a_process(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
    """Runs `python -c script argument ...` in this process: importing the SDK again would take a second."""
    _python, _c, script, *arguments = command
    printed = io.StringIO()
    # The SDK keeps its first session, with the environment of that time.
    boto3.DEFAULT_SESSION = None
    try:
        with mock.patch.object(sys, "argv", ["-c", *arguments]), contextlib.redirect_stdout(printed):
            exec(script, {})
        return subprocess.CompletedProcess(command, 0, printed.getvalue(), "")
    except Exception:
        return subprocess.CompletedProcess(command, 1, printed.getvalue(), traceback.format_exc())


class Deployment(unittest.TestCase):
    def setUp(self) -> None:
        self.aws = Aws()
        self.addCleanup(self.aws.stop)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.profile = self.folder / "aws-config"
        self.environment = {
            "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": self.aws.endpoint, "AWS_ACCESS_KEY_ID": "AKIA",
            "AWS_SECRET_ACCESS_KEY": "secret", "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(self.profile), "XDG_CONFIG_HOME": str(self.folder),
        }
        self.sam: list[list[str]] = []
        self.checked: list[str] = []
        self.said = ""

    def key_file(self, region: str = "eu-central-1") -> Path:
        return self.folder / "mailhooks" / f"{ACCOUNT}.{region}.mailhooks.admin-key"

    def run_main(self, *arguments: str, main=deploy.main, run=without_a_process) -> str | int | None:
        """Runs a program's `main` and returns its exit code or message. `run` answers the questions to the SDK."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        printed = io.StringIO()

        def sam(*asked: str) -> None:
            self.sam.append(list(asked))
            if asked[0] == "deploy" and not isinstance(self.aws.stack, dict):
                self.aws.stack = stack("CREATE_COMPLETE")

        with (
            mock.patch.dict(os.environ, {**others, **self.environment}, clear=True),
            mock.patch.object(sys, "argv", ["program", *arguments]),
            mock.patch.object(account.subprocess, "run", run),
            mock.patch.object(deploy, "sam", sam),
            mock.patch.object(deploy, "have_target"),
            mock.patch.object(deploy, "check_lock_file"),
            mock.patch.object(deploy.elf, "check", lambda build, architecture: self.checked.append(architecture)),
            mock.patch.object(deploy, "fingerprint", lambda given: hashlib.sha256(str(given).encode()).hexdigest()),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            try:
                return main()
            except SystemExit as end:
                return end.code
            finally:
                self.said = printed.getvalue()

    def deployed(self) -> list[str]:
        """The arguments of `sam deploy`, which was called after `sam build`."""
        self.assertEqual([asked[0] for asked in self.sam], ["build", "deploy"])
        return self.sam[1]

    def test_the_first_deployment_makes_the_key_and_keeps_no_broken_stack(self) -> None:
        self.assertEqual(self.run_main("RetentionDays=7", run=subprocess.run), 0)
        key = self.key_file().read_text().strip()
        self.assertEqual(self.key_file().stat().st_mode & 0o777, 0o600)
        asked = self.deployed()
        hashed = hashlib.sha256(key.removeprefix("mh_admin_").encode()).hexdigest()
        concurrencies = ["MaximumConcurrency=50", "SlowMaximumConcurrency=10"]
        for expected in ["RetentionDays=7", *concurrencies, "Architecture=arm64", f"AdminKeySha256={hashed}"]:
            self.assertIn(expected, asked)
        self.assertEqual(self.checked, ["arm64"])
        self.assertEqual(asked[asked.index("--on-failure") + 1], "DELETE")
        self.assertNotIn(key, str(self.sam))

    def test_a_later_deployment_leaves_key_and_concurrency_as_they_are(self) -> None:
        self.aws.stack = stack(MaximumConcurrency="200", SlowMaximumConcurrency="30")
        self.assertEqual(self.run_main(), 0)
        asked = self.deployed()
        self.assertFalse(self.key_file().exists() or any("AdminKeySha256" in each for each in asked))
        self.assertIn("MaximumConcurrency=200", asked)
        self.assertIn("SlowMaximumConcurrency=30", asked)
        self.assertNotIn("--on-failure", asked)

    def test_only_the_word_that_there_is_no_stack_is_taken_for_it(self) -> None:
        for failure in [THROTTLED, DENIED, INVALID]:
            for arguments in [[], ["--new-admin-key"]]:
                with self.subTest(failure=failure, arguments=arguments):
                    self.aws.stack = failure
                    self.assertIn(failure[2], str(self.run_main(*arguments)))
                    self.assertFalse(self.key_file().exists() or self.sam)

    def test_a_stack_that_cannot_be_updated_is_named_with_what_to_do(self) -> None:
        for status in ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"]:
            self.aws.stack = stack(status)
            said = str(self.run_main())
            self.assertIn(status, said)
            self.assertIn("delete-stack --stack-name mailhooks --region eu-central-1", said)
            self.assertFalse(self.key_file().exists() or self.sam)

    def test_a_change_set_that_was_never_carried_out_is_no_deployment(self) -> None:
        self.aws.stack = stack("REVIEW_IN_PROGRESS")
        self.assertEqual(self.run_main(), 0)
        self.assertTrue(self.key_file().exists())
        self.assertIn("--on-failure", self.deployed())

    def test_the_region_is_one_for_everybody(self) -> None:
        self.profile.write_text("[default]\nregion = ap-south-1\n[profile other]\nregion = sa-east-1\n")
        both = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-2"}
        for variables, arguments, expected in [
            (both, [], "eu-west-1"),
            ({"AWS_DEFAULT_REGION": "us-east-2"}, [], "us-east-2"),
            ({}, [], "ap-south-1"),
            ({}, ["--profile", "other"], "sa-east-1"),
            (both, ["--region", "eu-north-1"], "eu-north-1"),
        ]:
            with self.subTest(variables=variables, arguments=arguments):
                self.environment.pop("AWS_REGION", None)
                self.environment.pop("AWS_DEFAULT_REGION", None)
                self.environment.update(variables)
                self.aws.stack, self.aws.calls, self.sam = stack(), [], []
                self.assertEqual(self.run_main(*arguments), 0)
                # The calls to STS and Lambda use this region as well.
                self.assertEqual({region for _, region in self.aws.calls}, {expected})
                for asked in self.sam:
                    self.assertEqual(asked[asked.index("--region") + 1], expected)

    def test_no_region_is_told_before_anything_is_made(self) -> None:
        del self.environment["AWS_REGION"]
        self.assertIn("AWS_REGION", str(self.run_main()))
        self.assertEqual((self.aws.calls, self.sam), ([], []))
        self.assertFalse((self.folder / "mailhooks").exists())

    def test_concurrency_leaves_half_of_the_account_to_the_others(self) -> None:
        cases = [(4, 2, 2, True), (10, 2, 2, True), (50, 12, 2, True), (199, 49, 9, True), (200, 50, 10, False)]
        for limit, expected, slow, warned in cases:
            with self.subTest(limit=limit):
                self.aws.limit, self.sam = limit, []
                self.aws.stack = (400, "ValidationError", "Stack with id mailhooks does not exist")
                self.assertEqual(self.run_main(), 0)
                self.assertIn(f"MaximumConcurrency={expected}", self.deployed())
                self.assertIn(f"SlowMaximumConcurrency={slow}", self.deployed())
                self.assertIn(f"MaximumConcurrency is {expected}, of {limit} ", self.said)
                self.assertEqual("WARNING" in self.said, warned)

    def test_a_stack_that_may_take_all_of_the_account_is_warned_about(self) -> None:
        self.aws.limit, self.aws.stack = 10, stack(MaximumConcurrency="50")
        self.assertEqual(self.run_main(), 0)
        self.assertIn("MaximumConcurrency=2 leaves room", self.said)

    def test_a_limit_that_may_not_be_read_costs_no_key(self) -> None:
        self.aws.limit, self.aws.stack = None, stack()
        self.assertIn("MaximumConcurrency", str(self.run_main("--new-admin-key")))
        self.assertFalse(self.key_file().exists() or self.sam)

    def test_a_named_concurrency_of_slow_receivers_is_taken_as_it_is(self) -> None:
        self.assertEqual(self.run_main("SlowMaximumConcurrency=7"), 0)
        asked = [each for each in self.deployed() if "SlowMaximumConcurrency" in each]
        self.assertEqual(asked, ["SlowMaximumConcurrency=7"])

    def test_a_named_concurrency_is_taken_unasked(self) -> None:
        self.assertEqual(self.run_main("MaximumConcurrency=7"), 0)
        self.assertEqual([each for each in self.deployed() if "Concurrency" in each], ["MaximumConcurrency=7"])
        self.assertNotIn("GetAccountSettings", [operation for operation, _ in self.aws.calls])

    def test_other_options_go_to_sam(self) -> None:
        role = "arn:aws:iam::123456789012:role/deployer"
        self.run_main("--tags", "team=mail", "cost=7", "RetentionDays=7", "--role-arn", role, "--stack", "other")
        asked = self.deployed()
        place = asked.index("--tags")
        self.assertEqual(asked[place : place + 5], ["--tags", "team=mail", "cost=7", "--role-arn", role])
        self.assertLess(asked.index("--parameter-overrides"), asked.index("RetentionDays=7"))
        self.assertEqual(asked[asked.index("--stack-name") + 1], "other")

    def test_what_is_neither_is_refused_before_anything_is_asked(self) -> None:
        for arguments in [["RetentionDay=7"], ["retention"], ["--parameter-overrides", "RetentionDays=7"]]:
            self.assertEqual(self.run_main(*arguments), 2)
            self.assertEqual((self.aws.calls, self.sam), ([], []))

    def test_rotation_asks_in_the_same_region_and_believes_no_failure(self) -> None:
        self.environment["AWS_REGION"] = "eu-west-3"
        self.aws.stack = THROTTLED
        self.assertIn("Rate exceeded", str(self.run_main(main=rotate_data_key.main)))
        self.assertEqual(self.aws.calls, [("DescribeStacks", "eu-west-3")])


if __name__ == "__main__":
    unittest.main()
