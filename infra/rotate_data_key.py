#!/usr/bin/env python3
"""Makes a new data key for a deployed stack and encrypts every stored secret with it.

    rotate_data_key.py [--stack NAME] [--resume]

In the AWS account and region that the environment names, as for deploy.py. Who runs it needs, on the registry table,
dynamodb:GetItem, Query, PutItem and UpdateItem, and on the stack's KMS key, kms:Decrypt and
kms:GenerateDataKeyWithoutPlaintext. Functions go on meanwhile. When it was interrupted, --resume finishes the work.
"""

import argparse
import json
import os
import subprocess
import sys

from deploy import ROOT, outputs, python, stack_exists


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="mailhooks", help="the stack's name (mailhooks)")
    parser.add_argument("--resume", action="store_true", help="make no new key, and finish what was begun")
    arguments = parser.parse_args()
    if not stack_exists(arguments.stack):
        raise SystemExit(f"there is no stack {arguments.stack} in the account and region of the environment")
    stack = outputs(arguments.stack)
    variables = {
        **os.environ,
        **session(),
        "REGISTRY_TABLE": stack["RegistryTableName"],
        "SECRETS_KEY_ARN": stack["SecretsKeyArn"],
    }
    command = ["cargo", "run", "--quiet", "--locked", "--package", "shared", "--example", "rotate_data_key"]
    resume = ["--", "--resume"] if arguments.resume else []
    return subprocess.run([*command, *resume], cwd=ROOT, env=variables, check=False).returncode


def session() -> dict[str, str]:
    """Region and credentials as variables, however the environment names them: the command knows no SSO."""
    script = (
        "import boto3, json; s = boto3.Session(); c = s.get_credentials().get_frozen_credentials();"
        "print(json.dumps({'AWS_REGION': s.region_name, 'AWS_ACCESS_KEY_ID': c.access_key,"
        " 'AWS_SECRET_ACCESS_KEY': c.secret_key, **({'AWS_SESSION_TOKEN': c.token} if c.token else {})}))"
    )
    return json.loads(python(script).stdout)


if __name__ == "__main__":
    sys.exit(main())
