#!/usr/bin/env python3
"""Measures how broken receivers slow down healthy ones: the real handlers, with the emulator's SQS in another process.

The handlers run in the measuring program and not in the emulator. Reason: the emulator starts one process for each
environment, and a hundred processes on a small machine would measure the machine and not the waits for receivers.
"""

import sys

import tools

if __name__ == "__main__":
    tools.run_inside_environment()

import contextlib
import subprocess
from collections.abc import Iterator

from emulator import Emulator
from places import ROOT
from stack import end_on_signals

# Optimised, but built much faster than a release.
CARGO = ["cargo", "build", "--locked", "--package", "faults", "--bin", "outage", "--profile", "figures"]
PROGRAM = ROOT / "target" / "figures" / "outage"


def main() -> int:
    end_on_signals()
    subprocess.run(CARGO, cwd=ROOT, check=True)
    with queues("outage") as broken, queues("outage-calm") as calm:
        command = [str(PROGRAM), "--queues", broken, "--calm-queues", calm, *sys.argv[1:]]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


@contextlib.contextmanager
def queues(name: str) -> Iterator[str]:
    """The URL of a separate emulator, of which only SQS is used."""
    emulator = Emulator(0, name)
    try:
        emulator.start()
        yield emulator.endpoint
    finally:
        emulator.stop()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
