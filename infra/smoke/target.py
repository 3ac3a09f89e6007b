"""Where the smoke test runs: a stack in an AWS account, or the emulator."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import boto3
from places import ROOT
from receivers import LocalReceiver, StackReceiver
from report import NotRun

TAG = "mailhooks-smoke"


class Aws:
    """A stack of its own in the account and region of the environment."""

    is_aws = True

    def __init__(self, name: str, region: str) -> None:
        self.name, self.region = name, region
        # The admin key goes to a folder of its own, which ends with the test.
        self.folder = tempfile.TemporaryDirectory()
        self.outputs: dict[str, str] = {}

    def client(self, service: str, region: str | None = None) -> Any:
        return boto3.client(service, region_name=region or self.region)

    def deploy(self, *parameters: str) -> str:
        """Runs `make deploy`'s program and returns what it printed."""
        fixed = ["RetentionDays=1", "AccessLog=true", "--tags", f"{TAG}={self.name}"]
        command = [sys.executable, str(ROOT / "infra" / "deploy.py"), "--stack", self.name, "--region", self.region]
        variables = {**os.environ, "XDG_CONFIG_HOME": self.folder.name}
        result = subprocess.run(
            [*command, *parameters, *fixed], env=variables, capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            raise RuntimeError(f"the deployment failed: {(result.stdout + result.stderr)[-2000:]}")
        described = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        return result.stdout

    def admin_key(self) -> str:
        return next(Path(self.folder.name).glob("mailhooks/*.admin-key")).read_text().strip()

    def receiver(self) -> StackReceiver:
        return StackReceiver(self.client, f"{self.name}-receiver", [{"Key": TAG, "Value": self.name}])

    def url(self) -> str:
        return self.outputs["ApiUrl"]


class Emulated:
    """The stack on the emulator, which `infra/local/stack.py` has started."""

    is_aws = False

    def __init__(self, description: dict[str, str]) -> None:
        self.description = description
        self.region = description["region"]
        names = ["deliveries_queue_url", "retries_queue_url", "slow_queue_url", "dead_letter_queue_url"]
        names += ["dispatch_failures_queue_url"]
        names += ["registry_table_name", "events_table_name", "deliveries_table_name", "deliver_function_name"]
        camel = {name: "".join(part.capitalize() for part in name.split("_")) for name in names}
        self.outputs = {camel[name]: description[name] for name in names}

    def client(self, service: str, region: str | None = None) -> Any:
        return boto3.client(
            service, region_name=region or self.region, endpoint_url=self.description["endpoint_url"],
            aws_access_key_id="test", aws_secret_access_key="test",
        )

    def deploy(self, *_: str) -> str:
        raise NotRun("the emulator deploys once")

    def admin_key(self) -> str:
        return self.description["admin_key"]

    def receiver(self) -> LocalReceiver:
        return LocalReceiver()

    def url(self) -> str:
        return self.description["api_url"]
