# SPDX-License-Identifier: Apache-2.0
"""Golden files, changed at random as files are damaged and forged, against the targets of their formats, and texts of
the test vectors against the other targets: so many inputs each, counted. A finding is written to the current folder
with the number that makes it again, and ends the run.

    python -m fuzz.mutated format_jpeg format_png --inputs 100000

A target ends with a line: inputs, seconds (of CPU), and the slowest input in milliseconds of CPU.
"""

from __future__ import annotations

import argparse
import functools
import io
import random
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fuzz.format_targets import GOLDEN

# Numbers on which lengths, counts and offsets break.
_ODD: Final = (0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
POLICIES: Final = GOLDEN.parents[1] / "examples" / "policy"
# Whose inputs are files.
_FILES: Final = ("format_", "c2pa_", "explicit_", "label_files")
# What is longer is hardly changed by a few bytes, and takes the time of many.
_LARGEST: Final = 32_768


@functools.cache
def golden(format: str) -> tuple[bytes, ...]:
    """The small golden files of a format; those of all formats for a name that none has; parts of archives for XML."""
    folder = GOLDEN / format if (GOLDEN / format).is_dir() else GOLDEN
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix not in (".json", ".gz")]
    found = [file.read_bytes() for file in files if file.stat().st_size <= _LARGEST]
    if format in ("office_part", "xml"):
        archives = [zipfile.ZipFile(io.BytesIO(data)) for data in found if data.startswith(b"PK")]
        return tuple(archive.read(name) for archive in archives for name in archive.namelist())
    return tuple(found)


@functools.cache
def near(target: str) -> tuple[bytes, ...]:
    """What the inputs of a target begin with."""
    if target.startswith(_FILES):
        return golden(target.removeprefix("format_"))
    if target.startswith("cedar."):
        policies = [path.read_bytes() for path in sorted(POLICIES.glob("*.cedar"))]
        entities = (POLICIES / "entities.json").read_bytes()
        types = b"entity Till in [Group] { limit: Long, tags: Set<String>, open?: Bool };"
        return (*policies, entities, types, *(b"\0".join((policy, entities, types)) for policy in policies))
    from fuzz.targets import seeds

    return tuple(seed for seed in seeds() if 0 < len(seed) <= _LARGEST)


def mutated(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """One of `seeds` with some of its bytes, numbers and pieces changed, moved, doubled, lost or taken from another."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        at, kind = chance.randrange(len(data) + 1), chance.randrange(8)
        if kind == 0:
            data[at : at + 1] = bytes((chance.randrange(256),))
        elif kind == 1:
            width = chance.choice((1, 2, 4, 8))
            number = chance.choice(_ODD) & (1 << 8 * width) - 1
            data[at : at + width] = number.to_bytes(width, chance.choice(("big", "little")))
        elif kind == 2:
            del data[at : at + chance.randrange(1, 40)]
        elif kind == 3:
            piece = data[at : at + chance.randrange(1, 200)]
            place = chance.randrange(len(data) + 1)
            data[place:place] = piece
        elif kind == 4:
            other = chance.choice(seeds)
            start = chance.randrange(len(other) + 1)
            data[at : at + chance.randrange(0, 100)] = other[start : start + chance.randrange(1, 400)]
        elif kind == 5:
            data[at : at + 1] = bytes((data[at] ^ 1 << chance.randrange(8),)) if at < len(data) else b""
        elif kind == 6 and chance.randrange(4) == 0:
            del data[at:]
        elif data:
            # Counts that are written in digits.
            digits = [n for n in range(max(0, at - 200), min(len(data), at + 200)) if 48 <= data[n] < 58]
            for n in digits[:1]:
                data[n] = 48 + chance.randrange(10)
    return bytes(data)


def main() -> int:
    from fuzz.targets import TARGETS, run

    parser = argparse.ArgumentParser(prog="fuzz.mutated", description=__doc__)
    parser.add_argument("target", nargs="*", help="default: each whose name begins with format_")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name in options.target or [name for name in TARGETS if name.startswith("format_")]:
        seeds, began, slowest = near(name), (time.monotonic(), time.process_time()), 0.0
        for number in range(options.inputs):
            data = mutated(seeds, random.Random(f"{options.seed} {name} {number}"))
            at = time.process_time()
            try:
                run(TARGETS[name], data)
            except BaseException:
                Path(f"finding-{name}").write_bytes(data)
                print(f"{name}: input {number} of seed {options.seed} is a finding", file=sys.stderr)
                raise
            slowest = max(slowest, time.process_time() - at)
        took, worked = time.monotonic() - began[0], time.process_time() - began[1]
        print(
            f"{name}: {options.inputs} inputs, no finding, {took:.0f} s ({worked:.0f} s), "
            f"slowest {slowest * 1000:.0f} ms",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
