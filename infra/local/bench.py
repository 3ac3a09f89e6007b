#!/usr/bin/env python3
"""Builds the functions as for a deployment and runs the benchmarks on them."""

import subprocess
import sys

from build import build
from places import BUILD, LOCAL, ROOT

ROOMS = ["ingest", "dispatch", "deliver", "api"]
# A function that does nothing, built with the same profile: what start-up is compared with.
EMPTY = "empty"


def main() -> int:
    build()
    bootstraps = LOCAL / "bootstraps"
    for room in ROOMS:
        link = bootstraps / room / "bootstrap"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(BUILD / f"{room.capitalize()}Function" / "bootstrap")
    cargo = ["cargo", "build", "--release", "--locked", "--package", "tests", "--bin", EMPTY, "--bin", "bench"]
    subprocess.run(cargo, cwd=ROOT, check=True)
    binaries = ROOT / "target" / "release"
    command = [str(binaries / "bench"), str(bootstraps), str(binaries / EMPTY)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
