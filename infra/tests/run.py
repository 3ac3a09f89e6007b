#!/usr/bin/env python3
"""Runs the tests of the Python programs and of the translated template, with the Python of the SAM CLI.

    run.py [name of a test ...]
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "local"))

from tools import environment

if __name__ == "__main__":
    python = str(environment("build") / "bin" / "python")
    wanted = sys.argv[1:] or ["discover"]
    sys.exit(subprocess.run([python, "-m", "unittest", *wanted], cwd=HERE, check=False).returncode)
