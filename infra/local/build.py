"""Runs `sam build` for this machine, unless none of the files that it reads has changed."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from lock_file import check_lock_file
from places import BUILD, ROOT, architecture
from tools import build_path

# The files that `sam build` reads: the template and the sources of the functions.
INPUTS = ["template.yaml", "Cargo.toml", "Cargo.lock", ".cargo", "functions", "shared", "infra/local/build.py"]


def build(root: Path = ROOT, folder: Path = BUILD) -> Path:
    """Builds all functions of the sources at `root` in release mode into `folder`, and returns the built template.

    Sources in another folder are compiled in a `target` of their own. Cargo tells sources apart by their paths within
    the workspace and by their times, and would take the functions of one release for those of the other.

    The functions run on this machine, so its own compiler links them; a build for AWS needs a cross-compiler. All
    functions share the workspace's `target`, so that each dependency is compiled once.
    """
    template, stamp = folder / "template.yaml", folder.with_suffix(".sha256")
    wanted = fingerprint(root)
    if template.is_file() and stamp.is_file() and stamp.read_text() == wanted:
        return template
    print("building the functions (the first time takes minutes) ...", flush=True)
    stamp.unlink(missing_ok=True)
    check_lock_file(str(root))
    command = ["sam", "build", "--build-dir", str(folder), "--parameter-overrides", f"Architecture={architecture()}"]
    variables = {**os.environ, "PATH": build_path(), "SAM_CLI_TELEMETRY": "0", "CARGO_LAMBDA_COMPILER": "cargo"}
    result = subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(result.stdout + result.stderr + "\nsam build failed")
    stamp.write_text(wanted)
    return template


def fingerprint(root: Path) -> str:
    """A hash over names and contents of all files that the build reads."""
    digest = hashlib.sha256(architecture().encode())
    for name in INPUTS:
        path = root / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                digest.update(f"{file.relative_to(root)}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()
