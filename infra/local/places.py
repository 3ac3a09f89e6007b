"""Paths, and this machine's processor. All generated files are in .local/, which git ignores."""

import platform
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LOCAL = ROOT / ".local"
BUILD = LOCAL / "build"
FIXTURES = ROOT / "tests" / "fixtures"
REGION = "us-east-1"
STACK_NAME = "mailhooks"


def architecture() -> str:
    """Lambda's name for this machine's processor. The emulator runs the functions on this machine, without Docker."""
    machine = platform.machine().lower()
    if machine in ("x86_64", "amd64"):
        return "x86_64"
    if machine in ("aarch64", "arm64"):
        return "arm64"
    raise SystemExit(f"mailhooks builds for x86_64 and arm64, and this machine is {machine}")
