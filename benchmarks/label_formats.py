# SPDX-License-Identifier: Apache-2.0
"""What an AIGC object costs in each format: bytes beside its own, and the time of writing and of reading it.

    python -m benchmarks.label_formats [--seconds 1] [--json] [FORMAT …]

The files are golden ones under tests/golden without a label, small as they are: what remains is the cost of the format.
Large files are `benchmarks.label_large`'s.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from pathlib import Path

from answerable.errors import VerificationError
from answerable.formats.detect import detect
from tests.av_bytes import TEXT

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
READ_MS = 10.0  # what issue 5 allows for metadata


def bare() -> dict[str, bytes]:
    """By format, one file that carries no object and can be given one."""
    found: dict[str, bytes] = {}
    for path in sorted(GOLDEN.glob("*/*")):
        told = path.with_name(path.name + ".json")
        if path.parent.name in found or not told.exists() or json.loads(told.read_text(encoding="utf-8")):
            continue
        data = path.read_bytes()
        try:
            _labelled(data)
        except VerificationError:
            continue
        found[path.parent.name] = data
    return found


def _labelled(data: bytes) -> bytes:
    source, target = io.BytesIO(data), io.BytesIO()
    detect(source).write(source, target, TEXT)
    return target.getvalue()


def _read(data: bytes) -> int:
    source = io.BytesIO(data)
    return len(detect(source).read(source))


def measure(data: bytes, seconds: float) -> dict[str, float]:
    """Of one file. more: bytes beside the object's own; read_ms: the slowest of all reads, with detection."""
    labelled = _labelled(data)
    count, slowest, least, until = 0, 0.0, 1e9, time.perf_counter() + seconds
    began = time.process_time()
    while time.perf_counter() < until or not count:
        _labelled(data)
        count += 1
    wrote = (time.process_time() - began) / count
    until, first = time.perf_counter() + seconds, True
    while time.perf_counter() < until or first:
        at = time.process_time()
        assert _read(labelled) == 1
        took, first = time.process_time() - at, False
        slowest, least = max(slowest, took), min(least, took)
    return {
        "bytes": len(data),
        "more": len(labelled) - len(data) - len(TEXT),
        "files_per_s": 1 / wrote,
        "read_ms": least * 1000,
        "slowest_read_ms": slowest * 1000,
    }


def table(seconds: float = 1.0) -> str:
    """Each format: what its object costs."""
    files = bare()
    lines = [
        "## The AIGC object by format",
        "",
        f"Small files (`tests/golden`), an object of {len(TEXT)} bytes, CPU time of one core; reading begins with "
        f"detection. *Beside*: bytes that the format adds to the object's own. *Bar*: read below {READ_MS:.0f} ms, "
        "the slowest of all reads too.",
        "",
        "| format | file, bytes | beside, bytes | labelled files/s | read, ms | slowest read, ms |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, data in files.items():
        told = measure(data, seconds)
        lines.append(
            f"| {name} | {told['bytes']:,.0f} | {told['more']:.0f} | {told['files_per_s']:,.0f} | "
            f"{told['read_ms']:.3f} | {told['slowest_read_ms']:.3f} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.label_formats", description=__doc__)
    parser.add_argument("format", nargs="*", help="default: each")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each of writing and reading")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    files = bare()
    if not options.json:
        print(f"an object of {len(TEXT)} bytes; CPU time of one core; reads with detection")
        print(f"{'format':10} {'file':>9} {'more':>6} {'labelled/s':>11} {'read ms':>8} {'slowest':>8}")
    slow = []
    for name in options.format or files:
        told = measure(files[name], options.seconds)
        if told["read_ms"] >= READ_MS:
            slow.append(name)
        print(
            json.dumps({"format": name, **told})
            if options.json
            else f"{name:10} {told['bytes']:>9,.0f} {told['more']:>6.0f} {told['files_per_s']:>11,.0f} "
            f"{told['read_ms']:>8.3f} {told['slowest_read_ms']:>8.3f}",
            flush=True,
        )
    if slow:
        print(f"slower than {READ_MS} ms: {', '.join(slow)}")
    return bool(slow)


if __name__ == "__main__":
    raise SystemExit(main())
