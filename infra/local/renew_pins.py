#!/usr/bin/env python3
"""Writes each requirements-<name>.txt anew from its requirements-<name>.in.

The `.in` files name the packages that we import or run, and are edited by hand. The `.txt` files list these packages
and all of their dependencies, each with its version and the hashes of its files, for every platform and every Python
from 3.10 on. Only wheels are listed, because the build of a source package would run code that no hash covers.

A `.txt` file that fits keeps its versions. `--upgrade` takes the newest versions that the `.in` file allows.
"""

import subprocess
import sys

from places import HERE
from tools import MINIMUM, environment

OPTIONS = ["--universal", "--generate-hashes", "--only-binary", ":all:", "--no-header", "--no-annotate", "--quiet"]

if __name__ == "__main__":
    uv = environment("pins") / "bin" / "uv"
    oldest = ".".join(map(str, MINIMUM))
    for given in sorted(HERE.glob("requirements-*.in")):
        pins = given.with_suffix(".txt")
        command = [str(uv), "pip", "compile", *OPTIONS, "--python-version", oldest, *sys.argv[1:]]
        subprocess.run([*command, str(given), "--output-file", str(pins)], check=True)
        print(f"{pins.name}: {pins.read_text().count('==')} packages")
