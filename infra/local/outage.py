#!/usr/bin/env python3
"""Shows what broken receivers do to healthy ones: the real handlers, with the emulator's SQS as a process of its own.

The handlers run in the measuring program rather than in the emulator, which starts one process for each environment:
a hundred of them on a small machine would show how busy the machine is, and not who waits for whom.
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

# Optimised, but built in a fraction of the time of a release.
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
    """The URL of an emulator of its own, of which only SQS is used."""
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
