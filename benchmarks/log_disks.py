# SPDX-License-Identifier: Apache-2.0
"""The log benchmark on this disk and on slower ones, one after the other: from which sync time on an aim is reached."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import slow_disk

MEMORY: Final = Path("/dev/shm")


@dataclass(frozen=True)
class Point:
    """flush_ms: what a flush takes at least, None for the disk as it is; sync_ms: what a sync of a record then took."""

    flush_ms: float | None
    sync_ms: float
    rows: list[dict[str, Any]]
    ratios: dict[str, float]


def measured(flushes: list[float], folder: Path, words: list[str]) -> list[Point]:
    """`words` are the benchmark's arguments for each disk, the first of which is that of `folder`, as it is. The slow
    ones are files in memory, where that can be: what else the real disk has to do is then no part of their time.
    Raises SystemExit with the exit code of a benchmark that fails."""
    root, points = Path(__file__).parent.parent, []
    home = MEMORY if os.access(MEMORY, os.W_OK) else folder
    for flush in (None, *flushes):
        run = [
            sys.executable,
            "-m",
            "benchmarks.log",
            "--json",
            *words,
            "--dir",
            "{}" if flush is not None else str(folder),
        ]
        run = run if flush is None else slow_disk.command(flush, home, run)
        done = subprocess.run(run, cwd=root, stdout=subprocess.PIPE, text=True, timeout=3600, check=False)
        if done.returncode:
            raise SystemExit(done.returncode)
        said = json.loads(done.stdout)
        points.append(Point(flush, said["sync_ms"], said["rows"], said["ratios"]))
    return points


def reached(points: list[Point], name: str, aim: float) -> float | None:
    """The shortest sync, of those measured, from which on all disks reach the aim; None if the slowest does not."""
    found = None
    for point in sorted(points, key=lambda each: each.sync_ms, reverse=True):
        if point.ratios.get(name, 0.0) < aim:
            break
        found = point.sync_ms
    return found


def table(points: list[Point], aims: dict[str, str]) -> None:
    """p50: of an append with the fewest clients; records/s and ratios: with the most."""
    names = [name for name in aims if name in points[0].ratios]
    print(f"{'disk':>18}{'sync, ms':>10}{'p50, ms':>9}{'records/s':>11}" + "".join(f"{name:>20}" for name in names))
    for point in points:
        appends = sorted((row for row in point.rows if row["what"] == "append"), key=lambda row: row["clients"])
        few, most = appends[0], appends[-1]
        disk = "as it is" if point.flush_ms is None else f"flush of {point.flush_ms:g} ms"
        said = "".join(f"{point.ratios[name]:>20.1f}" for name in names)
        print(f"{disk:>18}{point.sync_ms:>10.2f}{few['p50_ms']:>9.2f}{most['records_s']:>11.0f}{said}")
    for name in (name for name in names if "×" in name):
        least = reached(points, name, float(aims[name]))
        said = "reached on none" if least is None else f"reached from a sync of {least:.2f} ms on"
        print(f"{name}, aim {aims[name]}: {said}")
