#!/usr/bin/env python3
"""Mixes the functions of two releases under the fault suite: an upgrade, then a rollback.

    upgrade.py [--since REF] [--seconds N] [--seed N]

builds the functions of REF (a tag or a commit; the last tag, or the commit before this one) next to the present ones,
deploys the present template, and runs the fault suite twice. In the first run all functions begin as REF's. After a
third of the time with traffic those that read what others write (dispatch, deliver) are the present ones, after two
thirds all are.
The second run goes the other way: ingest and api first go back, then all functions. Each run must lose nothing.
"""

import sys

import tools

if __name__ == "__main__":
    tools.run_inside_environment()

import argparse
import io
import os
import shutil
import subprocess
import tarfile
import time
import zipfile
from pathlib import Path

from build import build
from deploy import client
from places import BUILD, LOCAL, ROOT, STACK_NAME
from stack import Stack, end_on_signals

READERS = ["DispatchFunction", "DeliverFunction"]
WRITERS = ["IngestFunction", "ApiFunction"]
ALL = READERS + WRITERS
# Seconds at the end of a run of the fault suite in which it sends nothing, and waits for what is under way
# (`REST` and `LAST_FAULTS` in tests/faults/src/soak/plan.rs).
WITHOUT_TRAFFIC = 69
SUITE = ["cargo", "test", "--workspace", "--locked", "--features", "suite/end-to-end", "--test", "end_to_end_faults"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--since", default=None, help="the other release; default: the last tag, or the commit before")
    parser.add_argument("--seconds", type=int, default=160, help="planned time of each run, from 100 to 520")
    parser.add_argument("--seed", type=int, default=1, help="seed of the fault suite")
    arguments = parser.parse_args()
    end_on_signals()
    since = arguments.since or previous()
    print(f"the other release is {since}", flush=True)
    build(sources(since), LOCAL / "other-release" / "build")
    build()
    # The code is read now, so that a build by somebody else during the runs changes nothing.
    before, now = Release(since, LOCAL / "other-release" / "build"), Release("the present release", BUILD)
    subprocess.run([*SUITE, "--no-run"], cwd=ROOT, check=True)
    runs = {
        "upgrade": [(ALL, before), (READERS, now), (WRITERS, now)],
        "rollback": [(ALL, now), (WRITERS, before), (READERS, before)],
    }
    failed = []
    with Stack(0, "upgrade") as stack:
        path = stack.write_description()
        for name, steps in runs.items():
            print(f"\n{name}:", flush=True)
            if not passes(stack, path, steps, arguments.seconds, arguments.seed):
                failed.append(name)
    print(f"upgrade result: {'FAILED: ' + ', '.join(failed) if failed else 'ok'}; {since} and the present release")
    return 1 if failed else 0


class Release:
    """The code of a release's functions, as Lambda takes it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.code = {function: zipped(folder / function) for function in ALL}


def passes(stack: Stack, path: Path, steps: list[tuple[list[str], Release]], seconds: int, seed: int) -> bool:
    """Runs the fault suite, with a step at its beginning and after each third of the time in which there is traffic.
    Returns whether it passed."""
    (first, *others) = steps
    switch(stack, *first)
    command = [*SUITE, "--", "--seconds", str(seconds), "--seed", str(seed)]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "MAILHOOKS_STACK": str(path)}) as suite:
        for step in others:
            time.sleep((seconds - WITHOUT_TRAFFIC) / len(steps))
            if suite.poll() is not None:
                raise SystemExit("the fault suite ended before all functions were switched")
            switch(stack, *step)
        return suite.wait() == 0


def switch(stack: Stack, functions: list[str], release: Release) -> None:
    """Gives the functions the code of a release, and moves their alias to it, as a deployment does."""
    aws, stacks = client(stack.emulator, "lambda"), client(stack.emulator, "cloudformation")
    for function in functions:
        detail = stacks.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId=function)
        name = detail["StackResourceDetail"]["PhysicalResourceId"]
        aws.update_function_code(FunctionName=name, ZipFile=release.code[function])
        version = aws.publish_version(FunctionName=name)["Version"]
        aws.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    print(f"switched to {release.name}: {', '.join(functions)}", flush=True)


def zipped(folder: Path) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(folder / "bootstrap", "bootstrap")
    return archive.getvalue()


def sources(since: str) -> Path:
    """The sources of a commit, in a folder of their own. What was compiled of an earlier commit there is kept."""
    folder = LOCAL / "other-release" / "sources"
    folder.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        if entry.name != "target":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    archive = subprocess.run(["git", "archive", since], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as file:
        for member in file:
            # Otherwise cargo would take a file for older than what it has compiled of another commit.
            member.mtime = time.time()
            file.extract(member, folder)
    return folder


def previous() -> str:
    """The last tag, or the commit before the present one if there is no tag."""
    tag = subprocess.run(["git", "describe", "--tags", "--abbrev=0"], cwd=ROOT, capture_output=True, text=True, check=False)
    name = tag.stdout.strip() or "HEAD~1"
    return subprocess.run(["git", "rev-parse", f"{name}^{{commit}}"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
