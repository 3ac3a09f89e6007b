#!/usr/bin/env python3
"""Deploys to the AWS account and region of the environment (AWS_PROFILE, AWS_REGION, ... as for any AWS tool).

    deploy.py [--stack NAME] [--architecture x86_64] [--new-admin-key] [Parameter=value ...] [option of sam deploy ...]

The first deployment generates the admin key, keeps it in ~/.config/mailhooks (readable only by you) and gives the stack
only its hash. Parameters are the template's; parameters that you do not name keep their present values. Other options
(--tags, --role-arn, ...) go to `sam deploy`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "local"))

import argparse
import hashlib
import os
import re
import secrets
import shutil
import subprocess
from typing import Any

import elf
from account import BROKEN, NOT_YET, account_id, concurrent_executions, describe, outputs, settle_region
from lock_file import check_lock_file
from places import ROOT
from tools import build_path

TARGETS = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}


# Maximum number of `deliver` invocations at the same time, for each of its two queues: the template's default. Reason:
# it needs no request to AWS for more.
MOST_CONCURRENCY = 50
# Minimum that Lambda accepts for a mapping.
LEAST_CONCURRENCY = 2


def main() -> int:
    # Only whole names: other options go to `sam deploy`, even if one of our options begins with the same letters.
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--stack", "--stack-name", default="mailhooks", help="the stack's name (mailhooks)")
    parser.add_argument("--architecture", choices=TARGETS, default="arm64", help="the functions' processor (arm64)")
    parser.add_argument("--new-admin-key", action="store_true", help="replace the admin key")
    parser.add_argument("--region", help="in place of AWS_REGION")
    parser.add_argument("--profile", help="in place of AWS_PROFILE")
    arguments, rest = parser.parse_known_args()
    named, for_sam = parted(rest, parser)
    if arguments.profile:
        os.environ["AWS_PROFILE"] = arguments.profile
    region, account = settle_region(arguments.region), account_id()
    stack = deployed(arguments.stack, region)
    parameters = [f"Architecture={arguments.architecture}", *named]
    if not any(parameter.startswith("MaximumConcurrency=") for parameter in named):
        parameters += concurrencies(stack, named)
    # The key is generated after all questions to AWS, so that a refused question costs no key.
    key_file = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "mailhooks"
    key_file = key_file / f"{account}.{region}.{arguments.stack}.admin-key"
    key = admin_key(key_file, stack is not None, arguments.new_admin_key)
    if key:
        parameters.append(f"AdminKeySha256={hashlib.sha256(key.removeprefix('mh_admin_').encode()).hexdigest()}")
    have_target(TARGETS[arguments.architecture])
    check_lock_file()
    print(f"deploying {arguments.stack} to account {account}, {region} ...", flush=True)
    sam("build", "--region", region, "--parameter-overrides", f"Architecture={arguments.architecture}")
    elf.check(ROOT / ".aws-sam" / "build", arguments.architecture)
    revision = f"Revision={fingerprint(parameters)}"
    # A stack whose first deployment failed cannot be updated, so CloudFormation deletes it.
    on_failure = [] if stack or {"--on-failure", "--disable-rollback"} & set(for_sam) else ["--on-failure", "DELETE"]
    options = ["--region", region, "--stack-name", arguments.stack, *on_failure, *for_sam]
    sam("deploy", *options, "--parameter-overrides", *parameters, revision)
    tell(outputs(describe(arguments.stack)), key, key_file)
    return 0


def parted(rest: list[str], parser: argparse.ArgumentParser) -> tuple[list[str], list[str]]:
    """Splits arguments into the template's parameters and arguments for `sam deploy`."""
    section = (ROOT / "template.yaml").read_text().split("\nParameters:\n")[1].split("\nConditions:\n")[0]
    known = set(re.findall(r"^  (\w+):$", section, re.MULTILINE))
    parameters = [each for each in rest if "=" in each and each.partition("=")[0] in known]
    for_sam = [each for each in rest if each not in parameters]
    if for_sam and not for_sam[0].startswith("-"):
        parser.error(f"{for_sam[0]} is no Parameter=value of the template; it has {', '.join(sorted(known))}")
    if "--parameter-overrides" in for_sam:
        parser.error("parameters are named without --parameter-overrides, as Parameter=value")
    return parameters, for_sam


def deployed(name: str, region: str) -> dict[str, Any] | None:
    """The present stack; `None` before the first deployment. Exits with advice if CloudFormation cannot update it."""
    stack = describe(name)
    status = stack["StackStatus"] if stack else NOT_YET
    if status in BROKEN:
        raise SystemExit(
            f"the stack {name} is in {status}, which CloudFormation cannot update; delete it and deploy again:\n"
            f"  aws cloudformation delete-stack --stack-name {name} --region {region}"
        )
    return None if status == NOT_YET else stack


def concurrencies(stack: dict[str, Any] | None, named: list[str]) -> list[str]:
    """The concurrency of deliver's mappings: the stack's present values.

    For the first deployment, MaximumConcurrency is a quarter of the account's limit. Two mappings get this value, and
    the mapping of slow receivers gets a fifth of it, so that almost half of the account's executions are left for the
    other functions: a new account has only 10. A message that Lambda throttles counts as received, and a throttled
    `ingest` answers nobody.
    """
    limit = concurrent_executions()
    room = min(MOST_CONCURRENCY, max(LEAST_CONCURRENCY, limit // 4))
    present = {each["ParameterKey"]: each["ParameterValue"] for each in (stack or {}).get("Parameters", [])}
    value = int(present.get("MaximumConcurrency", room))
    print(f"MaximumConcurrency is {value}, of {limit} concurrent executions that the account has in this region")
    if value > room and 2 * value > limit // 2:
        print(f"WARNING: deliver can take more than half of them; MaximumConcurrency={room} leaves room for the others")
    if room < MOST_CONCURRENCY:
        print("WARNING: that is few; ask for more in Service Quotas (AWS Lambda, Concurrent executions)")
    parameters = [f"MaximumConcurrency={value}"]
    if not any(parameter.startswith("SlowMaximumConcurrency=") for parameter in named):
        slow = int(present.get("SlowMaximumConcurrency", max(LEAST_CONCURRENCY, value // 5)))
        parameters.append(f"SlowMaximumConcurrency={slow}")
    return parameters


def admin_key(file: Path, stack_exists: bool, replace: bool) -> str | None:
    """The admin key, generated if the stack has none. `None` if it is not on this machine: the stack keeps its hash."""
    if file.is_file() and not replace:
        return file.read_text().strip()
    if stack_exists and not replace:
        return None
    key = f"mh_admin_{secrets.token_urlsafe(32)}"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(key + "\n")
    return key


def have_target(target: str) -> None:
    """Installs Rust's standard library for the functions' processor, if it is missing and rustup can."""
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    if (Path(sysroot) / "lib" / "rustlib" / target).is_dir():
        return
    if not shutil.which("rustup") or subprocess.run(["rustup", "target", "add", target], check=False).returncode != 0:
        raise SystemExit(f"Rust has no {target} here and it could not be added; try --architecture x86_64")


def fingerprint(parameters: list[str]) -> str:
    """A hash over the build and the parameters: when it changes, Lambda publishes new versions of the functions."""
    digest = hashlib.sha256("\0".join(sorted(parameters)).encode())
    build = ROOT / ".aws-sam" / "build"
    for file in [build / "template.yaml", *sorted(build.glob("*/bootstrap"))]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def tell(result: dict[str, str], key: str | None, file: Path) -> None:
    """Prints the next steps."""
    shown = f"$(cat '{file}')" if key else "<the admin key, kept where it was made>"
    url = result["ApiUrl"]
    print(
        f"\nThe API is at {url}\n"
        f"The admin key is in {file}\n" if key else f"\nThe API is at {url}\nThe admin key has not changed.\n"
    )
    print(
        "The first webhook:\n\n"
        f'  admin="authorization: Bearer {shown}"\n'
        f"  curl -H \"$admin\" {url}/api/v1/tenants --json '{{\"name\":\"Acme\"}}'\n"
        f"  curl -H \"$admin\" {url}/api/v1/keys --json '{{\"tenant_id\":\"ten_...\",\"role\":\"tenant\",\"name\":\"first\"}}'\n"
        f"  curl -H 'authorization: Bearer mh_...' -H 'x-tenant-id: ten_...' {url}/api/v1/webhooks \\\n"
        '    --json \'{"url":"https://example.com/hooks","events":["*"]}\'\n'
    )


def sam(*arguments: str) -> None:
    variables = {**os.environ, "PATH": build_path(), "SAM_CLI_TELEMETRY": "0"}
    subprocess.run(["sam", *arguments], cwd=ROOT, env=variables, check=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd[0]} {error.cmd[1]} failed; see above")
