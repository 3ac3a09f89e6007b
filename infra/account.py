"""The AWS account and region that the environment names, and what they say of a stack.

Asked with the SAM CLI's own SDK, because the machine's Python may have none.
"""

import json
import os
import shutil
import subprocess
from typing import Any

from tools import build_path

# No deployment has finished in these, and CloudFormation updates none of them.
BROKEN = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}
# A change set was made and never carried out: there is nothing yet.
NOT_YET = "REVIEW_IN_PROGRESS"


def settle_region(named: str | None = None) -> str:
    """The region: the one that is named, AWS_REGION, AWS_DEFAULT_REGION, the profile's, in this order, as for the AWS CLI.

    Everything that is started afterwards is told the same. Left to themselves, boto3 and the SAM CLI do not read
    AWS_REGION.
    """
    region = named or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    region = region or ask("print(boto3.Session().region_name or '')", "the AWS profile")
    if not region:
        raise SystemExit("no AWS region: set AWS_REGION, or give your AWS profile a region")
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = region
    return region


def account_id() -> str:
    """The account that the credentials belong to."""
    return ask("print(boto3.client('sts').get_caller_identity()['Account'])", "whose the AWS credentials are")


def describe(stack: str) -> dict[str, Any] | None:
    """The stack as CloudFormation describes it; `None` if it says that there is none. Whatever else it says ends this."""
    script = """
try:
    found = boto3.client("cloudformation").describe_stacks(StackName=sys.argv[1])["Stacks"][0]
except botocore.exceptions.ClientError as error:
    said = error.response["Error"]
    if said["Code"] != "ValidationError" or "does not exist" not in said["Message"]:
        raise
    found = None
print(json.dumps(found, default=str))
"""
    return json.loads(ask(script, f"whether there is a stack {stack}", stack))


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    """A described stack's outputs by their names."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def concurrent_executions() -> int:
    """How many invocations the account may have at the same time, in this region."""
    limit = "print(boto3.client('lambda').get_account_settings()['AccountLimit']['ConcurrentExecutions'])"
    return int(ask(limit, "how many concurrent executions the account has (MaximumConcurrency=… needs no answer)"))


def ask(script: str, what: str, *arguments: str) -> str:
    """What a few lines with the SDK print. When they fail, this ends with the reason, which is their last line."""
    python = shutil.which("python", path=build_path()) or "python"
    command = [python, "-c", f"import boto3, botocore, json, sys\n{script}", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"AWS does not say {what}: {result.stderr.strip().splitlines()[-1]}")
    return result.stdout.strip()
