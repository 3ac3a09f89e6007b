#!/usr/bin/env python3
"""Fuzzes the targets one after another, and prints one line for each."""

import argparse
import re
import subprocess
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Maximum size of a body: 64 KiB, because a larger body reaches no other code. Maximum time for one input: two seconds,
# because instrumented code may take one.
LIMITS = ["-max_len=65536", "-timeout=2", "-rss_limit_mb=2048", "-print_final_stats=1"]


def targets() -> list[str]:
    return [target["name"] for target in tomllib.loads((HERE / "Cargo.toml").read_text())["bin"]]


def fuzz(target: str, seconds: int) -> str:
    command = ["cargo", "+nightly", "fuzz", "run", "--fuzz-dir", str(HERE), target, "--", f"-max_total_time={seconds}"]
    ended = subprocess.run([*command, *LIMITS], cwd=HERE, capture_output=True, text=True, errors="replace", check=False)
    coverage = re.findall(r"cov: (\d+) ft: (\d+) corp: (\S+)", ended.stderr)
    executions = re.findall(r"stat::number_of_executed_units: (\d+)", ended.stderr)
    artifacts = re.findall(r"Test unit written to (\S+)", ended.stderr)
    edges, features, corpus = coverage[-1] if coverage else ("?", "?", "?")
    found = f"FOUND {' '.join(artifacts)}" if ended.returncode else "nothing found"
    return f"{target}: {executions[-1] if executions else '?'} executions, {edges} edges, {features} features, corpus {corpus}, {found}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=[], metavar="TARGET", help="without one, all are fuzzed")
    parser.add_argument("--seconds", type=int, default=600, help="seconds for each target")
    arguments = parser.parse_args()
    for target in arguments.targets or targets():
        print(fuzz(target, arguments.seconds), flush=True)


if __name__ == "__main__":
    main()
