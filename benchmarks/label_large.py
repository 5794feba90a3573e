# SPDX-License-Identifier: Apache-2.0
"""Large video labelled in bounded memory: what it costs in time, and the most memory that the process ever held.

    python -m benchmarks.label_large [--megabytes 2048] [--over-4gib] [--c2pa] [CASE …]

Each file is made here, its samples at known places with their numbers in them, and labelled by a process of its own.
Then every sample is looked for where the labelled file says that it stands. The files are sparse before and not after:
twice their size is needed on disk while a case runs. With `--c2pa` a file is labelled as `label()` does it: AIGC,
manifest over it, and all of it read back.
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from answerable.formats.ebml_elements import CLUSTER, CUES, HEADER, SEEK_HEAD, SEGMENT, element, head
from tests.av_bytes import FTYP, TEXT, box, co64, find, full, stco, track

CHUNK = 1 << 17  # of MP4: some four pictures
PER_CLUSTER = 1 << 20


def _sample(number: int) -> bytes:
    return b"sample" + struct.pack(">Q", number)


def _hole(out: BinaryIO, length: int) -> None:
    out.seek(length, os.SEEK_CUR)


def _end(out: BinaryIO) -> None:
    out.truncate(out.tell())


def movie(out: BinaryIO, size: int, *, table: Callable[..., bytes], first: bool) -> None:
    """MP4: the movie box with a table of all chunks in front of them (as on the web), or behind."""
    count, mdat = max(size // CHUNK, 2), struct.pack(">I4sQ", 1, b"mdat", 16 + max(size // CHUNK, 2) * CHUNK)
    length = len(box(b"moov", track(table(*([0] * count)))))
    start = len(FTYP) + (length if first else 0) + len(mdat)
    moov = box(b"moov", track(table(*range(start, start + count * CHUNK, CHUNK))))
    out.write(FTYP + (moov if first else b"") + mdat)
    for number in range(count):
        sample = _sample(number)
        out.write(sample)
        _hole(out, CHUNK - len(sample))
    out.write(b"" if first else moov)
    _end(out)


def movie_samples(data: BinaryIO) -> Iterator[int]:
    out = data.read(1 << 16)
    at, size = 0, 0
    while out[:4] and (out[4:8] != b"moov"):
        size = struct.unpack(">I", out[:4])[0]
        at += struct.unpack(">Q", out[8:16])[0] if size == 1 else size
        data.seek(at)
        out = data.read(1 << 16)
    data.seek(at)
    moov = data.read(struct.unpack(">I", out[:4])[0])
    for kind, form in ((b"stco", "I"), (b"co64", "Q")):
        try:
            entries = find(moov, b"moov", b"trak", b"mdia", b"minf", b"stbl", kind)[8:]
        except LookupError:
            continue
        yield from struct.unpack(f">{len(entries) // struct.calcsize(form)}{form}", entries)


def fragments(out: BinaryIO, size: int) -> None:
    """MP4 in fragments, each of which says where in the file it stands."""
    out.write(FTYP + box(b"moov", track(stco())))
    for number in range(max(size // CHUNK, 2)):
        base = struct.pack(">IQ", 1, out.tell())
        out.write(box(b"moof", box(b"traf", full(b"tfhd", base, flags=1))) + struct.pack(">I4s", CHUNK, b"mdat"))
        out.write(_sample(number))
        _hole(out, CHUNK - 8 - len(_sample(number)))
    _end(out)


def fragment_samples(data: BinaryIO) -> Iterator[int]:
    at, end = 0, data.seek(0, os.SEEK_END)
    while at < end:
        data.seek(at)
        out = data.read(64)
        if out[4:8] == b"moof":
            base = struct.unpack(">Q", out[32:40])[0]
            assert base == at, "a fragment that says it stands elsewhere"
            yield at + struct.unpack(">I", out[:4])[0] + 8
        at += struct.unpack(">I", out[:4])[0]


def matroska(out: BinaryIO, size: int) -> None:
    """With Cues behind the clusters, to which the SeekHead leads."""

    def number(value: int) -> bytes:
        return value.to_bytes(8, "big")

    count = max(size // PER_CLUSTER, 2)
    seek = element(0x4DBB, element(0x53AB, CUES.to_bytes(4, "big")) + element(0x53AC, number(0)))
    front = len(element(SEEK_HEAD, seek))
    points = b"".join(
        element(0xBB, element(0xB3, number(each)) + element(0xB7, element(0xF7, b"\1") + element(0xF1, number(at))))
        for each, at in enumerate(range(front, front + count * PER_CLUSTER, PER_CLUSTER))
    )
    cues = element(CUES, points, 4)
    seek = seek[:-8] + number(front + count * PER_CLUSTER)
    length = front + count * PER_CLUSTER + len(cues)
    out.write(element(HEADER, element(0x4282, b"matroska")) + SEGMENT.to_bytes(4, "big"))
    out.write((1 << 56 | length).to_bytes(8, "big") + element(SEEK_HEAD, seek))
    for each in range(count):
        block = _sample(each)
        inner = PER_CLUSTER - 8 - 11 - 5
        out.write(CLUSTER.to_bytes(4, "big") + (1 << 28 | PER_CLUSTER - 8).to_bytes(4, "big"))
        out.write(
            element(0xA7, number(out.tell() - 8 - _base(out)), 2) + b"\xa3" + (1 << 28 | inner).to_bytes(4, "big")
        )
        out.write(block)
        _hole(out, inner - len(block))
    out.write(cues)
    _end(out)


def _base(out: BinaryIO) -> int:
    return len(element(HEADER, element(0x4282, b"matroska"))) + 12


def matroska_samples(data: BinaryIO) -> Iterator[int]:
    def there(at: int) -> tuple[int, int, int]:
        data.seek(at)
        said = head(data.read(16))
        assert said is not None
        assert said[1] is not None
        return said[0], at + said[2], at + said[2] + said[1]

    base = there(there(0)[2])[1]
    _, at, _ = there(base)
    data.seek(at)
    seeks = data.read(256)
    place = seeks.index(b"\x53\xac") + 3
    kind, at, stop = there(base + int.from_bytes(seeks[place : place + 8], "big"))
    assert kind == CUES
    data.seek(at)
    cues = data.read(stop - at)
    point = cues.find(b"\xf1\x88")
    while point >= 0:
        start = base + int.from_bytes(cues[point + 2 : point + 10], "big")
        kind, inner, _ = there(start)
        assert kind == CLUSTER
        data.seek(inner)
        own = data.read(11)
        assert own[:1] == b"\xa7"
        assert int.from_bytes(own[-8:], "big") == start - base, "a cluster that is elsewhere"
        yield inner + 16
        point = cues.find(b"\xf1\x88", point + 10)


CASES: dict[str, tuple[Callable[[BinaryIO, int], None], Callable[[BinaryIO], Iterator[int]]]] = {
    "mp4": (lambda out, size: movie(out, size, table=stco, first=True), movie_samples),
    "mp4-behind": (lambda out, size: movie(out, size, table=stco, first=False), movie_samples),
    "mp4-co64": (lambda out, size: movie(out, size, table=co64, first=True), movie_samples),
    "mp4-fragments": (fragments, fragment_samples),
    "mkv": (matroska, matroska_samples),
}


def _memory() -> int:
    """The most that this process ever held, in kB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def child(source: str, target: str) -> None:
    """Labels and reads back; tells what it took."""
    from answerable.formats.detect import detect

    with Path(source).open("rb") as old, Path(target).open("w+b") as new:
        carrier = detect(old)
        bare = _memory()
        began = time.perf_counter()
        carrier.write(old, new, TEXT)
        wrote = time.perf_counter() - began
        began = time.perf_counter()
        found = carrier.read(new)
        took = time.perf_counter() - began
        assert [each.text for each in found] == [TEXT.encode()]
    told = {"format": carrier.name, "bare_kb": bare, "peak_kb": _memory(), "write_s": wrote, "read_ms": took * 1000}
    print(json.dumps(told))


def signing_child(source: str, target: str) -> None:
    """As `child`, with a manifest."""
    from answerable.crypto.issuing import issue
    from answerable.formats.detect import detect
    from answerable.labels import Labeller, label, read_label
    from answerable.labels.chain import Chain
    from answerable.labels.manifest_place import store_size

    chain = Chain.of(issue("Example Ltd", now_ms=time.time_ns() // 1_000_000, days=30))
    bare = _memory()
    began = time.perf_counter()
    done = label(source, target, by=Labeller("001191350100M000100Y431ABCD", c2pa=chain))
    wrote = time.perf_counter() - began
    assert {(layer.name, layer.state) for layer in done.layers} == {("aigc", "written"), ("c2pa", "written")}
    with Path(target).open("rb") as new:
        began = time.perf_counter()
        carrier = detect(new)
        found = carrier.read(new)
        store = store_size(new, carrier.media)
        took = time.perf_counter() - began
        assert len(found) == 1
        assert store
    began = time.perf_counter()
    assert read_label(target).layer("c2pa").state == "valid"
    told = {
        "format": done.format, "bare_kb": bare, "write_s": wrote, "read_ms": took * 1000, "peak_kb": _memory(),
        "checked_s": time.perf_counter() - began,
    }  # fmt: skip
    print(json.dumps(told))


def measure(case: str, size: int, folder: Path, *, c2pa: bool = False) -> dict[str, object]:
    """One case. Raises AssertionError if a sample is not where the labelled file says."""
    make, samples = CASES[case]
    source, target = folder / "source", folder / "target"
    with source.open("w+b") as out:
        make(out, size)
    command = [sys.executable, "-m", "benchmarks.label_large", "--child", str(source), str(target)]
    command += ["--c2pa"] if c2pa else []
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=1800).stdout)
    count = 0
    with target.open("rb") as data, target.open("rb") as looked:
        for count, at in enumerate(samples(data), 1):
            looked.seek(at)
            assert looked.read(14) == _sample(count - 1), f"sample {count - 1} is not at {at}"
    assert count == max(size // (PER_CLUSTER if case == "mkv" else CHUNK), 2)
    told |= {"case": case, "bytes": target.stat().st_size, "more": target.stat().st_size - source.stat().st_size}
    source.unlink()
    target.unlink()
    return {**told, "samples": count}


def table(megabytes: int = 2048) -> str:
    """Each case, and the first with a manifest too."""
    lines = [
        "## Large files",
        "",
        f"Video of {megabytes / 1024:g} GiB, labelled by a process of its own; every sample is looked for afterwards "
        "where the labelled file says that it stands. *Memory*: the most that the process ever held, beside what it "
        "held before.",
        "",
        "| case | bytes | label, s | read, ms | memory, MB (before) | bytes added | samples found |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for case, c2pa in (*((case, False) for case in CASES), (next(iter(CASES)), True)):
            told = measure(case, megabytes << 20, Path(folder), c2pa=c2pa)
            cells = (
                "{bytes:,} | {write_s:.1f} | {read_ms:.2f} | {peak:.0f} ({bare:.0f}) | {more:,} | {samples:,} |"
            ).format(**told, peak=int(str(told["peak_kb"])) / 1000, bare=int(str(told["bare_kb"])) / 1000)
            lines.append(f"| {case}{', with a C2PA manifest' if c2pa else ''} | {cells}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.label_large", description=__doc__)
    parser.add_argument("case", nargs="*", choices=[*CASES, []], help="default: each")
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument(
        "--over-4gib", action="store_true", help="one more: 5 GiB of samples in one box, 64-bit offsets"
    )
    parser.add_argument("--c2pa", action="store_true", help="with a C2PA manifest, made, checked and measured too")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs=2, metavar=("SOURCE", "TARGET"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        (signing_child if options.c2pa else child)(*options.child)
        return 0
    wanted = [(case, options.megabytes << 20) for case in options.case or CASES]
    wanted += [("mp4-co64", 5 << 30)] if options.over_4gib else []
    with tempfile.TemporaryDirectory() as folder:
        for case, size in wanted:
            told = measure(case, size, Path(folder), c2pa=options.c2pa)
            print(json.dumps(told) if options.json else _shown(told), flush=True)
    return 0


def _shown(told: dict[str, object]) -> str:
    return (
        "{case:14} {bytes:>13,} bytes  label {write_s:6.2f} s  read {read_ms:6.2f} ms  peak {peak_kb:>7,} kB "
        "(before: {bare_kb:,})  {more} bytes more  {samples:,} samples found"
    ).format(**told) + ("  hashes checked in {checked_s:.1f} s".format(**told) if "checked_s" in told else "")


if __name__ == "__main__":
    raise SystemExit(main())
