#!/usr/bin/env python3
"""Runs `sam validate --lint` on the template. It needs no AWS account."""

import os
import subprocess
import sys

from places import REGION, ROOT
from tools import build_path

if __name__ == "__main__":
    variables = {**os.environ, "PATH": build_path(), "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION}
    sys.exit(subprocess.run(["sam", "validate", "--lint"], cwd=ROOT, env=variables, check=False).returncode)
