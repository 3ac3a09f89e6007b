"""Tests the check of the built bootstraps."""

import struct
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "local"))

import elf


def program(machine: int, libraries: list[str], versions: list[str]) -> bytes:
    """A 64-bit ELF file with a dynamic section and its table of strings, and nothing else."""
    table, entries = b"\0", b""
    for library in libraries:
        entries += struct.pack("<qQ", 1, len(table))
        table += library.encode() + b"\0"
    table += b"".join(version.encode() + b"\0" for version in versions)
    entries += struct.pack("<qQ", 0, 0)
    header = struct.pack("<4sBBB9xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 3, machine, 1, 0, 0, 64, 0, 64, 0, 0, 64, 2, 0)
    at = 64 + 2 * 64
    strings = struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, at, len(table), 0, 0, 1, 0)
    dynamic = struct.pack("<IIQQQQIIQQ", 0, 6, 0, 0, at + len(table), len(entries), 0, 0, 8, 16)
    return header + strings + dynamic + table + entries


class Bootstraps(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build = Path(folder.name)

    def faults(self, content: bytes, architecture: str = "arm64") -> str:
        file = self.build / "IngestFunction" / "bootstrap"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        try:
            elf.check(self.build, architecture)
        except SystemExit as end:
            return str(end)
        return ""

    def test_a_program_for_the_runtime_passes(self) -> None:
        libraries = ["libgcc_s.so.1", "libc.so.6", "libm.so.6", "ld-linux-aarch64.so.1"]
        self.assertEqual(self.faults(program(183, libraries, ["GLIBC_2.17", "GLIBC_2.34"])), "")
        self.assertEqual(self.faults(program(62, [], []), "x86_64"), "")

    def test_another_processor_is_refused(self) -> None:
        self.assertIn("is for x86_64, and the template says arm64", self.faults(program(62, [], [])))

    def test_a_newer_c_library_is_refused(self) -> None:
        self.assertIn("needs glibc 2.35", self.faults(program(183, ["libc.so.6"], ["GLIBC_2.4", "GLIBC_2.35"])))

    def test_a_library_that_lambda_lacks_is_refused(self) -> None:
        self.assertIn("needs libssl.so.3", self.faults(program(183, ["libc.so.6", "libssl.so.3"], [])))

    def test_a_build_without_a_bootstrap_is_refused(self) -> None:
        with self.assertRaises(SystemExit):
            elf.check(self.build, "arm64")

    def test_a_real_program_is_read(self) -> None:
        own = elf.Elf(Path(sys.executable).resolve())
        self.assertIn(own.machine, elf.MACHINES.values())


if __name__ == "__main__":
    unittest.main()
