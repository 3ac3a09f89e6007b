"""Virtual environments with pinned tools. They are created once, and again only when their pins change.

`make deploy` runs these tools with the user's AWS credentials. Therefore the pins are complete and have hashes: pip
installs only files that are known, and the installation fails if one is missing from the list. renew_pins.py writes
the pins.
"""

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from places import HERE, LOCAL

MINIMUM = (3, 10)


def environment(name: str) -> Path:
    """The folder of the environment `name`, created from `requirements-<name>.txt` if it is missing or outdated."""
    if sys.version_info < MINIMUM:
        raise SystemExit("Python 3.10 or newer is needed, and this is " + sys.version.split()[0])
    folder, pins = LOCAL / "tools" / name, HERE / f"requirements-{name}.txt"
    stamp = folder / "pins.sha256"
    wanted = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return folder
    with alone(folder):
        if not (stamp.is_file() and stamp.read_text() == wanted):
            install(name, folder, pins)
            stamp.write_text(wanted)
    return folder


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Prevents other processes from installing into `folder` at the same time, as several test programs may."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(name: str, folder: Path, pins: Path) -> None:
    print(f"installing {name} tools (once) ...", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    pip = [str(folder / "bin" / "pip"), "--disable-pip-version-check", "install", "--quiet"]
    # The list is complete, and `pip check` finds what it lacks. Reason for `--no-deps`: with hashes, some releases of
    # pip do not take a pinned package for a dependency on the same package with extras.
    wheels = ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*pip, *wheels, "--requirement", str(pins)], check=True)
    subprocess.run([str(folder / "bin" / "pip"), "check"], check=True, stdout=subprocess.DEVNULL)


def build_path() -> str:
    """PATH with the SAM CLI and cargo-lambda first."""
    return f"{environment('build') / 'bin'}{os.pathsep}{os.environ['PATH']}"


def run_inside_environment(name: str = "emulator") -> None:
    """Runs the present script again with the Python of an environment, unless that Python runs it already. A script
    calls this before it imports libraries of that environment."""
    folder = environment(name)
    if Path(sys.prefix).resolve() != folder.resolve():
        python = str(folder / "bin" / "python")
        os.execv(python, [python, *sys.argv])
