"""Checks that what `sam build` made can run on Lambda: read from the ELF files, without running them."""

import re
import struct
from pathlib import Path

# The processors of ELF's `e_machine`, by Lambda's names.
MACHINES = {62: "x86_64", 183: "arm64"}
# The C library of the runtime `provided.al2023`. A program that needs a newer one ends before it handles an event.
NEWEST_GLIBC = (2, 34)
# What a bootstrap may be linked to besides the C library: parts of it, and the compiler's own library, which Amazon
# Linux has.
LIBRARIES = re.compile(r"^(lib(c|m|dl|rt|pthread|util)\.so\.\d|libgcc_s\.so\.1|ld-linux-[a-z0-9-]+\.so\.\d)$")


class Elf:
    """A 64-bit ELF file: its processor, the libraries that it needs, and the newest glibc that it asks for."""

    def __init__(self, file: Path) -> None:
        data = file.read_bytes()
        if data[:4] != b"\x7fELF" or data[4] != 2 or data[5] != 1:
            raise ValueError(f"{file} is no 64-bit little-endian ELF file")
        (machine,) = struct.unpack_from("<H", data, 18)
        self.machine = MACHINES.get(machine, f"processor {machine}")
        strings = self.dynamic_strings(data)
        self.libraries = strings["needed"]
        # Versions are names in the table of strings, such as GLIBC_2.34.
        versions = re.findall(rb"\0GLIBC_(\d+)\.(\d+)(?:\.\d+)?(?=\0)", strings["table"])
        self.glibc = max(((int(major), int(minor)) for major, minor in versions), default=None)

    @staticmethod
    def dynamic_strings(data: bytes) -> dict:
        """The table of strings of the dynamic section, and the needed libraries. A static program has neither."""
        (section_offset,) = struct.unpack_from("<Q", data, 40)
        size, count = struct.unpack_from("<HH", data, 58)
        sections = [struct.unpack_from("<IIQQQQIIQQ", data, section_offset + size * each) for each in range(count)]
        dynamic = next((each for each in sections if each[1] == 6), None)
        if dynamic is None:
            return {"table": b"", "needed": []}
        strings = sections[dynamic[6]]
        table = data[strings[4] : strings[4] + strings[5]]
        entries = struct.iter_unpack("<qQ", data[dynamic[4] : dynamic[4] + dynamic[5] // 16 * 16])
        needed = [table[value : table.index(b"\0", value)].decode() for tag, value in entries if tag == 1]
        return {"table": table, "needed": needed}


def faults(file: Path, architecture: str) -> list[str]:
    """Why Lambda could not run the bootstrap `file` on processors of `architecture`."""
    elf = Elf(file)
    found = []
    if elf.machine != architecture:
        found.append(f"{file} is for {elf.machine}, and the template says {architecture}")
    if elf.glibc and elf.glibc > NEWEST_GLIBC:
        needed, newest = (".".join(map(str, version)) for version in (elf.glibc, NEWEST_GLIBC))
        found.append(f"{file} needs glibc {needed}, and Lambda has {newest}")
    others = [name for name in elf.libraries if not LIBRARIES.match(name)]
    if others:
        found.append(f"{file} needs {', '.join(others)}, which Lambda may not have")
    return found


def check(build: Path, architecture: str) -> None:
    """Exits if a bootstrap below `build` could not run, or if there is none."""
    bootstraps = sorted(build.glob("*/bootstrap"))
    found = [fault for file in bootstraps for fault in faults(file, architecture)]
    if not bootstraps:
        found = [f"{build} has no bootstrap"]
    if found:
        raise SystemExit("\n".join(found))
