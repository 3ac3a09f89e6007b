#!/usr/bin/env python3
"""Runs a command with a deployed stack.

    stack.py exec [--port N] [--json FILE] -- cargo test ...

builds the functions, starts an emulator on a free port, deploys, writes the stack's description to FILE, runs the
command with MAILHOOKS_STACK=FILE, stops everything, and exits with the command's exit code.
"""

import sys

import tools

if __name__ == "__main__":
    tools.run_inside_environment()

import argparse
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import NoReturn

import function_environment
from build import build
from deploy import deploy
from emulator import Emulator
from function_logs import FunctionLogs


class Stack:
    """The built template, deployed on a new emulator. A context: its end stops all processes."""

    def __init__(self, port: int, name: str) -> None:
        self.emulator = Emulator(port, name)
        self.logs: FunctionLogs | None = None
        self.description: dict[str, str] = {}

    def __enter__(self) -> "Stack":
        template = build()
        print("starting the emulator ...", flush=True)
        try:
            self.emulator.start()
            print(f"deploying on port {self.emulator.port} ...", flush=True)
            outputs = deploy(self.emulator, template)
            log_file = self.emulator.folder / "functions.log"
            self.logs = FunctionLogs(self.emulator, log_file)
            self.logs.start()
            function_environment.write(self.emulator, self.emulator.folder / "functions.env")
        except BaseException:
            self.emulator.stop()
            raise
        self.description = {
            **outputs, "log_file": str(log_file), "emulator_log_file": str(self.emulator.log),
            "emulator_pid": str(self.emulator.process.pid), "emulator_folder": str(self.emulator.folder),
        }
        return self

    def write_description(self, path: Path | None = None) -> Path:
        """Writes the description to a file for tests, and returns the file's path."""
        path = (path or self.emulator.folder / "stack.json").resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.description, indent=2))
        path.with_name(path.name + ".sensitive").unlink(missing_ok=True)
        return path

    def __exit__(self, *_: object) -> None:
        if self.logs:
            self.logs.stop()
        self.emulator.stop()


def end_on_signals() -> None:
    """Makes Ctrl-C and SIGTERM end all contexts, even if a shell has started this process with Ctrl-C ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, end)


def end(*_: object) -> NoReturn:
    raise SystemExit(143)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["exec"])
    parser.add_argument("--port", type=int, default=0, help="the emulator's port; 0, the default: any free port")
    parser.add_argument("--json", type=Path, help="where to write the description; default: .local/test/stack.json")
    # The arguments are split here, because argparse would also remove a second `--`, which belongs to the command.
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    arguments, command = parser.parse_args(sys.argv[1:end]), sys.argv[end + 1 :]
    if not command:
        parser.error("the command is missing; put it after --")
    end_on_signals()
    with Stack(arguments.port, "test") as stack:
        variables = {**os.environ, "MAILHOOKS_STACK": str(stack.write_description(arguments.json))}
        return subprocess.run(command, env=variables, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
