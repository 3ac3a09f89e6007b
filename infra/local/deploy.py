"""Runs the real `sam deploy` with the real template, against the emulator."""

import hashlib
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import boto3
from emulator import CREDENTIALS, Emulator
from places import REGION, ROOT, STACK_NAME, architecture
from samtranslator.yaml_helper import yaml_parse
from tools import build_path

# Maximum number of processes of one function; on AWS the template's default is larger.
CONCURRENCY = 10
# Maximum number of processes for jobs of slow receivers.
SLOW_CONCURRENCY = 4


def deploy(emulator: Emulator, template: Path) -> dict[str, str]:
    """Deploys, and returns the stack's outputs in snake case, the API's URL and an admin key, for clients."""
    secret = secrets.token_urlsafe(32)
    parameters = {
        "AdminKeySha256": hashlib.sha256(secret.encode()).hexdigest(),
        "AllowedNetworks": "127.0.0.0/8",
        "Architecture": architecture(),
        "MaximumConcurrency": str(CONCURRENCY),
        "SlowMaximumConcurrency": str(SLOW_CONCURRENCY),
    }
    command = [
        "sam", "deploy", "--template", str(template), "--stack-name", STACK_NAME, "--region", REGION,
        "--capabilities", "CAPABILITY_IAM", "--resolve-s3", "--no-confirm-changeset", "--no-progressbar",
        "--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items()),
    ]
    variables = {
        **os.environ, **CREDENTIALS, "PATH": build_path(), "SAM_CLI_TELEMETRY": "0", "AWS_ENDPOINT_URL": emulator.endpoint,
    }
    result = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(result.stdout + result.stderr + f"\nsam deploy failed; the emulator's log is {emulator.log}")
    use_whole_numbers(emulator)
    set_recursion(emulator, template)
    description = client(emulator, "cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    outputs = {snake_case(output["OutputKey"]): output["OutputValue"] for output in description["Outputs"]}
    # The URL names the API in its path, because not every resolver knows names below `localhost`.
    outputs["api_url"] = f"{emulator.endpoint}/_aws/execute-api/{outputs['http_api_id']}/$default"
    return {**outputs, "admin_key": f"mh_admin_{secret}", "endpoint_url": emulator.endpoint, "region": REGION}


def client(emulator: Emulator, service: str):
    """An SDK client for the emulator."""
    return boto3.client(
        service, endpoint_url=emulator.endpoint, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
    )


def use_whole_numbers(emulator: Emulator) -> None:
    """Sets the mappings' MaximumConcurrency again, as a number.

    CloudFormation's parameters are text, and AWS converts them. The emulator (1.5.33) keeps the text, fails to compare
    it, and would never poll the queues.
    """
    functions = client(emulator, "lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        if "ScalingConfig" in mapping:
            number = SLOW_CONCURRENCY if mapping["EventSourceArn"].endswith("-slow") else CONCURRENCY
            functions.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": number})


def set_recursion(emulator: Emulator, template: Path) -> None:
    """Sets each function's RecursiveLoop as in the template: the emulator's CloudFormation (1.5.33) ignores it."""
    for name, resource in yaml_parse(template.read_text())["Resources"].items():
        setting = resource.get("Properties", {}).get("RecursiveLoop")
        if setting:
            described = client(emulator, "cloudformation").describe_stack_resource(
                StackName=STACK_NAME, LogicalResourceId=name
            )
            function = described["StackResourceDetail"]["PhysicalResourceId"]
            client(emulator, "lambda").put_function_recursion_config(FunctionName=function, RecursiveLoop=setting)


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
