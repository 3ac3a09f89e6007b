#!/usr/bin/env python3
"""Deploys to the AWS account and region that the environment names (AWS_PROFILE, AWS_REGION, ... as for any AWS tool).

    deploy.py [--stack NAME] [--architecture x86_64] [--new-admin-key] [Parameter=value ...]

The first time it makes the admin key, keeps it in ~/.config/mailhooks (readable by you alone) and gives the stack only
its hash. Parameters are the template's; those that are not named keep the value that the stack has.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "local"))

import argparse
import hashlib
import json
import os
import secrets
import shutil
import subprocess

from places import ROOT
from tools import build_path

TARGETS = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="mailhooks", help="the stack's name (mailhooks)")
    parser.add_argument("--architecture", choices=TARGETS, default="arm64", help="the functions' processor (arm64)")
    parser.add_argument("--new-admin-key", action="store_true", help="replace the admin key")
    parser.add_argument("parameters", nargs="*", metavar="Parameter=value")
    arguments = parser.parse_args()
    account, region = whoami()
    key_file = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "mailhooks"
    key_file = key_file / f"{account}.{region}.{arguments.stack}.admin-key"
    key = admin_key(key_file, stack_exists(arguments.stack), arguments.new_admin_key)
    parameters = [f"Architecture={arguments.architecture}", *arguments.parameters]
    if key:
        parameters.append(f"AdminKeySha256={hashlib.sha256(key.removeprefix('mh_admin_').encode()).hexdigest()}")
    have_target(TARGETS[arguments.architecture])
    print(f"deploying {arguments.stack} to account {account}, {region} ...", flush=True)
    sam("build", "--parameter-overrides", f"Architecture={arguments.architecture}")
    revision = f"Revision={fingerprint(parameters)}"
    sam("deploy", "--stack-name", arguments.stack, "--parameter-overrides", *parameters, revision)
    tell(outputs(arguments.stack), key, key_file)
    return 0


def admin_key(file: Path, stack_exists: bool, replace: bool) -> str | None:
    """The admin key, made if the stack has none yet. None when somebody else made it: then the stack keeps its hash."""
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
    """Rust's standard library for the functions' processor, installed if rustup can."""
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    if (Path(sysroot) / "lib" / "rustlib" / target).is_dir():
        return
    if not shutil.which("rustup") or subprocess.run(["rustup", "target", "add", target], check=False).returncode != 0:
        raise SystemExit(f"Rust has no {target} here and it could not be added; try --architecture x86_64")


def fingerprint(parameters: list[str]) -> str:
    """A hash over the build and the parameters: when it changes, new versions of the functions are published."""
    digest = hashlib.sha256("\0".join(sorted(parameters)).encode())
    build = ROOT / ".aws-sam" / "build"
    for file in [build / "template.yaml", *sorted(build.glob("*/bootstrap"))]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def tell(result: dict[str, str], key: str | None, file: Path) -> None:
    """What to do next."""
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


def whoami() -> tuple[str, str]:
    """Account and region, as the AWS SDK finds them."""
    script = "import boto3; s = boto3.Session(); print(s.client('sts').get_caller_identity()['Account'], s.region_name)"
    result = python(script)
    if result.returncode != 0:
        raise SystemExit("no AWS account or region in the environment: " + result.stderr.strip().splitlines()[-1])
    account, region = result.stdout.split()
    return account, region


def stack_exists(stack: str) -> bool:
    script = "import boto3, sys; boto3.client('cloudformation').describe_stacks(StackName=sys.argv[1])"
    return python(script, stack).returncode == 0


def outputs(stack: str) -> dict[str, str]:
    script = (
        "import boto3, json, sys; s = boto3.client('cloudformation').describe_stacks(StackName=sys.argv[1])['Stacks'][0];"
        "print(json.dumps({o['OutputKey']: o['OutputValue'] for o in s['Outputs']}))"
    )
    return json.loads(python(script, stack).stdout)


def python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a few lines where the SAM CLI's own SDK is."""
    command = [shutil.which("python", path=build_path()) or "python", "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def sam(*arguments: str) -> None:
    variables = {**os.environ, "PATH": build_path(), "SAM_CLI_TELEMETRY": "0"}
    subprocess.run(["sam", *arguments], cwd=ROOT, env=variables, check=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd[0]} {error.cmd[1]} failed; see above")
