#!/usr/bin/env python3
"""Builds the functions as for a deployment and runs the benchmarks on them."""

import platform
import subprocess
import sys

from build import build
from places import BUILD, LOCAL, ROOT

ROOMS = ["ingest", "dispatch", "deliver", "api"]
# The functions' target, so that nothing is compiled twice.
TARGET = f"{platform.machine()}-unknown-linux-gnu"


def main() -> int:
    build()
    bootstraps = LOCAL / "bootstraps"
    for room in ROOMS:
        link = bootstraps / room / "bootstrap"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(BUILD / f"{room.capitalize()}Function" / "bootstrap")
    # A function that does nothing, of the same profile, to compare start-up with.
    empty = ["cargo", "build", "--release", "--locked", "--target", TARGET, "--package", "dispatch", "--example", "empty"]
    subprocess.run(empty, cwd=ROOT, check=True)
    binary = ROOT / "target" / TARGET / "release" / "examples" / "empty"
    bench = ["cargo", "run", "--locked", "--quiet", "--package", "bench"]
    subprocess.run([*bench, "--profile", "figures", "--", "normalise"], cwd=ROOT, check=True)
    functions = [*bench, "--", "functions", str(bootstraps), str(binary)]
    return subprocess.run(functions, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
