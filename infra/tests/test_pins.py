"""What a build and a deployment install: Python packages with hashes, and Rust packages as Cargo.lock has them."""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

LOCAL = Path(__file__).resolve().parents[1] / "local"
sys.path.insert(0, str(LOCAL))

import lock_file
import tools


class Python(unittest.TestCase):
    def test_each_package_has_one_version_and_hashes(self) -> None:
        given = sorted(LOCAL.glob("requirements-*.in"))
        self.assertEqual([each.with_suffix(".txt") for each in given], sorted(LOCAL.glob("requirements-*.txt")))
        for file in given:
            pins = file.with_suffix(".txt").read_text()
            packages = [each for each in re.split(r"\n(?=\S)", pins.strip()) if not each.startswith("#")]
            for package in packages:
                self.assertRegex(package, r"^[a-z0-9._-]+==\S+.* \\\n    --hash=sha256:[0-9a-f]{64}", file.name)
            named = re.findall(r"^([A-Za-z0-9_-]+)==([0-9.]+)", file.read_text(), re.MULTILINE)
            self.assertTrue(named)
            for name, version in named:
                self.assertIn(f"\n{name.lower().replace('_', '-')}=={version}", "\n" + pins, file.name)

    def test_nothing_is_installed_without_its_hash(self) -> None:
        ran: list[list[str]] = []
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(
            tools.subprocess, "run", lambda command, **_: ran.append(command)
        ), mock.patch("builtins.print"):
            tools.install("build", Path(folder), LOCAL / "requirements-build.txt")
        pip = ran[1]
        self.assertIn("--require-hashes", pip)
        self.assertEqual(pip[pip.index("--only-binary") + 1], ":all:")
        # A list that is not complete fails.
        self.assertEqual(ran[2][1:], ["check"])


class Rust(unittest.TestCase):
    def test_a_lock_file_that_does_not_fit_ends_the_build(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "src").mkdir()
            (folder / "src" / "lib.rs").write_text("")
            manifest = folder / "Cargo.toml"
            manifest.write_text('[package]\nname = "a"\nversion = "1.0.0"\nedition = "2024"\n[workspace]\n')
            subprocess.run(["cargo", "generate-lockfile", "--offline", "--quiet"], cwd=folder, check=True)
            lock_file.check_lock_file(name)
            manifest.write_text(manifest.read_text().replace("1.0.0", "1.0.1"))
            with self.assertRaises(SystemExit) as end:
                lock_file.check_lock_file(name)
            self.assertIn("Cargo.lock does not fit", str(end.exception))


if __name__ == "__main__":
    unittest.main()
