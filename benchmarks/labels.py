# SPDX-License-Identifier: Apache-2.0
"""What of a label survives, and what it costs: each transform, each layer.

    python -m benchmarks.labels [--photographs FOLDER ...] [--every 1] [--kinds 6] [--unmarked 10000] [--jobs 2]
                                [--quick] [--work FOLDER] [--times] [--page FILE]

Prints `docs/reference/labels-robustness.md` (`make bench-labels` fetches the photographs and writes it). Rates are
measured in `--jobs` processes, costs in one afterwards. With `--work` each part is kept as it is done: what was cut off
goes on with the next part, and `--times` measures the times alone anew, when the machine is quiet. Layers and media
are added in `benchmarks.label_layers` and `benchmarks.label_transforms`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

import answerable
from benchmarks import label_formats, label_large, label_watermark
from benchmarks.kept import digest
from benchmarks.label_layers import Layer, layers
from benchmarks.label_transforms import MEDIA

COSTED: Final = {"image": 8}  # items on which costs are measured; of other media, whose work is longer, two
ROUNDS: Final = 3


@dataclass(slots=True)
class Row:
    """How often a layer was found after a transform, of how many items."""

    found: int = 0
    of: int = 0


@dataclass(slots=True)
class Measured:
    """rows: by (transform, layer); refused, decibels, added: by layer, an entry for each item."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    decibels: dict[str, list[float]] = field(default_factory=dict)
    added: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians over items: milliseconds of the clock and of CPU."""

    write: tuple[float, float]
    read: tuple[float, float]


_LAYERS: tuple[Layer, ...] = ()
Part = TypeVar("Part")


class Work:
    """Where parts are kept when they are done, each for the code and the question that it answers."""

    def __init__(self, folder: Path | None, of: str) -> None:
        self._folder, self._of = folder, of
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def once(self, name: str, kind: type[Part], make: Callable[[], Part], *, anew: bool = False) -> Part:
        """The part, measured now if it is not kept yet."""
        if self._folder is None:
            return make()
        path = self._folder / name
        if not anew and path.exists():
            of, part = msgspec.msgpack.decode(path.read_bytes(), type=tuple[str, msgspec.Raw])
            if of == self._of:
                return msgspec.msgpack.decode(part, type=kind)
        made = make()
        path.write_bytes(msgspec.msgpack.encode((self._of, made)))
        return made


def _one(
    work: tuple[str, int, bytes],
) -> tuple[dict[tuple[str, str], bool], dict[str, tuple[float | None, int] | None]]:
    """An item under every layer and transform: what was found, and (decibels, bytes added) or None where refused."""
    medium_name, number, file = work
    medium = MEDIA[medium_name]
    found: dict[tuple[str, str], bool] = {}
    cost: dict[str, tuple[float | None, int] | None] = {}
    for layer in _LAYERS:
        if layer.medium != medium_name or (layer.most and number >= layer.most):
            continue
        labelled = layer.write(file)
        if labelled is None:
            cost[layer.name] = None
            continue
        cost[layer.name] = (medium.quality(file, labelled) if medium.quality else None, len(labelled) - len(file))
        for transform in medium.transforms:
            if transform.most and number >= transform.most:
                continue
            found[transform.name, layer.name] = layer.found(transform.change(labelled))
    return found, cost


def measure(medium: str, items: Iterator[tuple[str, bytes]], pool: Any) -> Measured:
    """Every item of a medium under every layer and transform."""
    measured = Measured()
    work = ((medium, number, file) for number, (_, file) in enumerate(items))
    for done, (found, cost) in enumerate(pool.imap_unordered(_one, work)):
        for key, value in found.items():
            row = measured.rows.setdefault(key, Row())
            row.of += 1
            row.found += value
        for name, paid in cost.items():
            measured.refused[name] = measured.refused.get(name, 0) + (paid is None)
            if paid is not None:
                if paid[0] is not None:
                    measured.decibels.setdefault(name, []).append(paid[0])
                measured.added.setdefault(name, []).append(paid[1])
        print(f"\r{medium}: {done + 1}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return measured


def costs(layer: Layer, items: list[bytes]) -> Cost:
    """Writing and finding a layer in each item, the median of all."""
    labelled = [made for item in items if (made := layer.write(item)) is not None]
    return Cost(_timed(layer.write, items), _timed(layer.found, labelled))


def _timed(call: Callable[[bytes], object], files: list[bytes]) -> tuple[float, float]:
    wall, cpu = [], []
    for file in files:
        for _ in range(ROUNDS):
            start = time.perf_counter(), time.process_time()
            call(file)
            wall.append((time.perf_counter() - start[0]) * 1000)
            cpu.append((time.process_time() - start[1]) * 1000)
    return statistics.median(wall), statistics.median(cpu)


def page(parts: list[str]) -> str:
    """The page of those parts."""
    head = (
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
        "<!-- Printed by `make bench-labels` (benchmarks/labels.py); measure again instead of editing. -->\n"
        "# Labels: what survives, and what it costs\n\n"
        f"Measured with {platform.python_implementation()} {platform.python_version()} on {os.cpu_count()} cores that "
        "others used too: times of the clock are upper bounds, CPU times say what the work is.\n"
    )
    return head + "\n" + "\n\n".join(part.strip() for part in parts) + "\n"


def robustness(medium: str, measured: Measured) -> str:
    """Each transform, each layer: how many were found."""
    names = [layer.name for layer in _LAYERS if layer.medium == medium]
    lines = [
        f"## After labelling: {medium}",
        "",
        "Found again, of those labelled. *Bar*: the share that this project asks of its own mark.",
        "",
        "| transform | " + " | ".join(names) + " | bar |",
        "| --- |" + " --- |" * (len(names) + 1),
    ]
    for transform in MEDIA[medium].transforms:
        cells = [_share(measured.rows.get((transform.name, name), Row())) for name in names]
        bar = f"{transform.bar:.0%}" if transform.bar else ""
        lines.append(f"| {transform.name} | " + " | ".join(cells) + f" | {bar} |")
    return "\n".join(lines)


def _share(row: Row) -> str:
    return f"{row.found}/{row.of} ({row.found / row.of:.1%})" if row.of else "-"


def costs_table(medium: str, measured: Measured, paid: dict[str, Cost]) -> str:
    """Quality, speed and size of each layer."""
    lines = [
        f"## What a layer costs: {medium}",
        "",
        "On the files above: reading, decoding, encoding and writing them are part of it. Of pictures, the "
        "watermark is read by the full search. *Quality*: PSNR of the labelled file over the original one, which "
        "includes what encoding the picture again loses.",
        "",
        "| layer | refused | quality, median (least), dB | write, ms (CPU) | files/s | read, ms (CPU) | bytes added |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for layer in _LAYERS:
        if layer.medium != medium or layer.name not in paid:
            continue
        cost, quality = paid[layer.name], measured.decibels.get(layer.name, [])
        decibels = f"{statistics.median(quality):.1f} ({min(quality):.1f})" if quality else "-"
        decibels = decibels.replace("inf (inf)", "identical")
        lines.append(
            f"| {layer.name} | {measured.refused.get(layer.name, 0)} | {decibels} | {_ms(cost.write)} | "
            f"{1000 / max(cost.write[0], 1e-6):.0f} | {_ms(cost.read)} | "
            f"{statistics.median(measured.added.get(layer.name, [0])):.0f} |"
        )
    return "\n".join(lines)


def _ms(pair: tuple[float, float]) -> str:
    digits = 1 if pair[0] < 20 else 0
    return f"{pair[0]:.{digits}f} ({pair[1]:.{digits}f})"


def main() -> None:
    global _LAYERS
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--photographs", type=Path, nargs="*", default=[], help="folders with pictures, beside packages")
    asked.add_argument("--every", type=int, default=1, help="of the items of a medium, only every so many")
    asked.add_argument("--kinds", type=int, default=6, help="drawn pictures of each kind and size")
    asked.add_argument("--unmarked", type=int, default=10_000, help="unmarked pictures to look for a watermark in")
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--quick", action="store_true", help="a few of everything")
    asked.add_argument("--page", type=Path, help="write the page here too")
    asked.add_argument("--work", type=Path, help="where parts that are done are kept; default: nowhere")
    asked.add_argument("--times", action="store_true", help="of what is kept, measure the times anew")
    chosen = asked.parse_args()
    folders, most = tuple(chosen.photographs), 3 if chosen.quick else None
    each, unmarked = (2, 200) if chosen.quick else (chosen.kinds, chosen.unmarked)
    _LAYERS = layers()
    parts: list[str] = []
    print(page([]))
    used = [name for name in MEDIA if any(layer.medium == name for layer in _LAYERS)]
    work, anew = Work(chosen.work, _of(folders, most, each, unmarked, chosen.every)), chosen.times
    with multiprocessing.get_context("fork").Pool(chosen.jobs) as pool:
        for name in used:

            def rates(name: str = name) -> Measured:
                return measure(name, islice(MEDIA[name].items(folders), 0, most, chosen.every), pool)

            def paid(name: str = name) -> dict[str, Cost]:
                files = [file for _, file in islice(MEDIA[name].items(folders), COSTED.get(name, 2))]
                return {layer.name: costs(layer, files) for layer in _LAYERS if layer.medium == name}

            result = work.once(f"{name}-rates", Measured, rates)
            times = work.once(f"{name}-times", dict[str, Cost], paid, anew=anew)
            _say(parts, robustness(name, result), costs_table(name, result, times))
        for title, again, make in (
            ("formats", anew, label_formats.table),
            ("large", anew, lambda: label_large.table(64 if chosen.quick else 2048)),
            ("kinds", False, lambda: label_watermark.kinds(pool, each)),
            ("speed", anew, label_watermark.speed),
            ("unmarked", False, lambda: label_watermark.unmarked(pool, unmarked, folders)),
            ("pieces", False, lambda: label_watermark.pieces(pool, unmarked, folders)),
        ):
            _say(parts, work.once(title, str, make, anew=again))
    _say(parts, label_watermark.LIMITS)
    if chosen.page:
        chosen.page.write_text(page(parts), encoding="utf-8")


def _of(*asked: object) -> str:
    """The code that is measured, and what of it."""
    package, here = Path(answerable.__file__).parent, Path(__file__).parent
    files = [file for folder in ("labels", "marks", "formats") for file in (package / folder).rglob("*.py")]
    return digest([*files, *here.glob("label*.py"), here / "pictures.py"], *asked)


def _say(parts: list[str], *more: str) -> None:
    """Keeps what is ready, and prints it at once: a measurement takes long."""
    for part in more:
        parts.append(part)
        print(part.strip() + "\n", flush=True)


if __name__ == "__main__":
    main()
