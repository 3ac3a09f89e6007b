"""Refuses a build whose Cargo.lock does not fit the manifests."""

import subprocess

from places import ROOT


def check_lock_file(folder: str = str(ROOT)) -> None:
    """Exits if cargo would change the Cargo.lock of `folder`.

    `sam build` runs cargo without `--locked`, and has no option for it. Then cargo would choose versions that nobody
    has tested, and deploy them. This fetches the same packages that the build needs.
    """
    result = subprocess.run(["cargo", "fetch", "--locked"], cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"{result.stderr.strip()}\nCargo.lock does not fit, or a package cannot be fetched; see above")
