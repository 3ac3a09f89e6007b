"""The AWS account and region of the environment, and the description of a stack there.

AWS is asked with the SAM CLI's own SDK, because the machine's Python may have none.
"""

import json
import os
import shutil
import subprocess
from typing import Any

from tools import build_path

# In these states no deployment has finished, and CloudFormation cannot update the stack.
BROKEN = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}
# A change set was created but not executed: the stack has no resources yet.
NOT_YET = "REVIEW_IN_PROGRESS"


def settle_region(named: str | None = None) -> str:
    """The region: `region`, AWS_REGION, AWS_DEFAULT_REGION or the profile's, in this order, as for the AWS CLI.

    All programs that this process starts afterwards get the same region. By themselves, boto3 and the SAM CLI do not
    read AWS_REGION.
    """
    region = named or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    region = region or ask("print(boto3.Session().region_name or '')", "the AWS profile")
    if not region:
        raise SystemExit("no AWS region: set AWS_REGION, or give your AWS profile a region")
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = region
    return region


def account_id() -> str:
    """The account of the credentials."""
    return ask("print(boto3.client('sts').get_caller_identity()['Account'])", "whose the AWS credentials are")


def describe(stack: str) -> dict[str, Any] | None:
    """CloudFormation's description of the stack; `None` if there is no such stack. Exits on any other error."""
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


def outputs_in(region: str, stack: str) -> dict[str, str]:
    """The outputs, by name, of the stack in this region. Exits if there is no such stack."""
    described = describe(stack)
    if not described:
        raise SystemExit(f"there is no stack {stack} in {region}, in the account of the environment")
    return outputs(described)


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    """The outputs of a described stack, by name."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def concurrent_executions() -> int:
    """Maximum number of concurrent executions of the account in this region."""
    limit = "print(boto3.client('lambda').get_account_settings()['AccountLimit']['ConcurrentExecutions'])"
    return int(ask(limit, "how many concurrent executions the account has (MaximumConcurrency=… needs no answer)"))


def ask(script: str, what: str, *arguments: str) -> str:
    """Runs a script with the SDK and returns its output. If the script fails, exits with its last line, the reason."""
    python = shutil.which("python", path=build_path()) or "python"
    command = [python, "-c", f"import boto3, botocore, json, sys\n{script}", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"AWS does not say {what}: {result.stderr.strip().splitlines()[-1]}")
    return result.stdout.strip()
