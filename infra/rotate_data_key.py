#!/usr/bin/env python3
"""Generates a new data key for a deployed stack and encrypts every stored secret with it.

    rotate_data_key.py [--stack NAME] [--resume]

It uses the AWS account and region of the environment, as deploy.py does. Its caller needs, on the registry table,
dynamodb:GetItem, Query, PutItem and UpdateItem, and on the stack's KMS key, kms:Decrypt and
kms:GenerateDataKeyWithoutPlaintext. Functions keep running. After an interruption, --resume finishes the work.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "local"))

import argparse
import json
import os
import subprocess

from account import ask, outputs_in, settle_region
from places import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="mailhooks", help="the stack's name (mailhooks)")
    parser.add_argument("--resume", action="store_true", help="generate no new key, and finish an interrupted rotation")
    arguments = parser.parse_args()
    stack = outputs_in(settle_region(), arguments.stack)
    command = ["cargo", "run", "--quiet", "--locked", "--package", "admin", "--", "rotate-data-key"]
    command += ["--registry-table", stack["RegistryTableName"], "--secrets-key-arn", stack["SecretsKeyArn"]]
    command += ["--resume"] if arguments.resume else []
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **session()}, check=False).returncode


def session() -> dict[str, str]:
    """Region and credentials as variables, in place of a profile. Reason: the command does not support SSO."""
    script = (
        "s = boto3.Session(); c = s.get_credentials().get_frozen_credentials();"
        "print(json.dumps({'AWS_REGION': s.region_name, 'AWS_ACCESS_KEY_ID': c.access_key,"
        " 'AWS_SECRET_ACCESS_KEY': c.secret_key, **({'AWS_SESSION_TOKEN': c.token} if c.token else {})}))"
    )
    return json.loads(ask(script, "with which credentials to go on"))


if __name__ == "__main__":
    sys.exit(main())
