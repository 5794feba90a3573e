# SPDX-License-Identifier: Apache-2.0
"""How often a file without a label is taken for a labelled one, and how often a labelled one is found again.

    python -m benchmarks.tracing [--quick] [--json] [--page FILE] [--seed N] [--jobs N] [--work FOLDER]
                                 [--everywhere N] [--photographs FOLDER ...]

Labelled: records of pictures (drawn, and photographs of installed packages) and of texts out of the documentation of
installed packages, in a real store's index. Each is asked about as it is and after each transform. Unlabelled: other
drawn pictures, the texts of other packages. What is asked and how it is decided is what a service does
(`control.traced`, `marks.tracing`). False: the answer names a record. The bound is the exact one of Clopper and Pearson
(1934), one-sided 95 %.

A photograph without a label that a labelled one shows in another size is left out and counted, and so is an
unlabelled text that has a run of twelve words in common with a labelled one, whatever stands between the words (line
ends, marks of comments, punctuation): packages carry copies of each other's licences. The
watermark is written into every labelled picture that takes it; looking for it everywhere in a picture takes half a
second, so that is done for some alone, and said: in the other unlabelled ones it is looked for at its place, in the
other labelled ones not at all.

What is taken of the pictures is kept in the folder `--work`: a run that was cut off goes on there.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import answerable
from answerable.control.traced import gather
from answerable.errors import VerificationError
from answerable.formats.detect import detect
from answerable.labels import watermark
from answerable.labels.tracing import Traces, traces
from answerable.labels.watermarking import payload_of
from answerable.marks.sketch import ASKED, KEPT, sketch
from answerable.marks.tracing import Evidence, Settled, Sure, settle
from answerable.pipeline.found import kept_tags
from answerable.stores.sqlite import SqliteStore
from benchmarks import tracing_page
from benchmarks.kept import Kept, digest
from benchmarks.labelled import Reader, fill, names
from benchmarks.tracing_items import PICTURES, TEXTS, Picture, copies, of_half, picture, pictures, png, runs, texts

KEY: Final = b"k" * 32
# Whose change changes what is taken of a picture.
_CODE: Final = ("labels", "marks", "formats", "model")


@dataclass(frozen=True, slots=True)
class Labelled:
    """What is taken of a labelled picture, after each transform."""

    marked: bool  # it carries the watermark
    record: Traces  # as its record keeps them
    traces: dict[str, Traces]
    decibels: float


def _taken(data: bytes, key: bytes | None = None, *, everywhere: bool = True) -> Traces:
    return traces(data, detect(io.BytesIO(data)), watermark_key=key, looked_for=everywhere)


def _labelled(work: tuple[Picture, str, bool]) -> Labelled:
    import numpy as np
    from PIL import Image

    named, record, searched = work
    image, marked, decibels = picture(named), True, float("inf")
    try:
        pixels = np.asarray(image)
        image = Image.fromarray(watermark.embed(pixels, payload_of(record), KEY))
        decibels = watermark.psnr(pixels, np.asarray(image))
    except VerificationError:
        marked = False
    key = KEY if searched else None
    found = {name: _taken(change(image), key) for name, change in PICTURES.items()}
    return Labelled(marked, _taken(png(image), everywhere=False), found, decibels if marked else 0.0)


def _unlabelled(work: tuple[Picture, bool]) -> Traces:
    named, searched = work
    return _taken(png(picture(named)), KEY, everywhere=searched)


def _searched(of: int, some: int) -> int:
    """Each so many-eth: odd, so that it falls on every kind of picture."""
    return (of // max(1, some)) | 1


class Bench:
    def __init__(self, args: argparse.Namespace, folder: Path, pool: Any) -> None:
        self.args, self.pool = args, pool
        self.store = SqliteStore.create(folder / "store", payload_key=KEY)
        self.names = names()
        self.marked: list[tuple[str, Labelled]] = []
        self.written: list[tuple[str, str]] = []  # record, text
        self.said: set[bytes] = set()

    def _kept(self, name: str, result: Any, works: Any) -> Kept[Any, Any]:
        here, package = Path(__file__).parent, Path(answerable.__file__).parent
        files = [file for folder in _CODE for file in (package / folder).rglob("*.py")]
        files += [here / each for each in ("tracing.py", "tracing_items.py", "pictures.py")]
        return Kept(self.args.work / f"{name}.jsonl", digest(files, works), result)

    def label(self) -> dict[str, Any]:
        count, step = self.args.labelled_pictures, _searched(self.args.labelled_pictures, self.args.everywhere)
        ids = [next(self.names) for _ in range(count)]
        each = enumerate(zip(pictures(count, 1, self.args.photographs), ids, strict=True))
        works = {number: (named, record, number % step == 0) for number, (named, record) in each}
        done = self._kept("labelled", Labelled, works).through(self.pool, _labelled, works)
        self.marked = list(zip(ids, done, strict=True))
        records: list[tuple[str, tuple[bytes, ...]]] = []
        for record, its in self.marked:
            mark, kept = payload_of(record) if its.marked else None, its.record
            tags = kept_tags(KEY, (kept.digest,), content=kept.content, prints=kept.prints, watermark=mark)
            records.append((record, tags))
        for _, text in of_half(texts(self.args.seed), 0, self.args.labelled_texts):
            record = next(self.names)
            records.append((record, kept_tags(KEY, (), sketch=sketch(text, KEPT))))
            self.written.append((record, text))
            self.said |= runs(text)
        fill(self.store, records)
        self.reader = Reader(self.store)
        quality = [its.decibels for _, its in self.marked if its.marked]
        return {
            "pictures": len(self.marked),
            "without watermark": len(self.marked) - len(quality),
            "texts": len(self.written),
            "watermark, dB, mean": round(sum(quality) / max(1, len(quality)), 1),
        }

    async def ask(self, taken: Traces, named: tuple[str, ...] = ()) -> tuple[Evidence, Settled]:
        found = await gather(
            self.reader.services(KEY),
            named=named,
            digest=taken.digest.hex(),
            content=taken.content.hex(),
            seen=taken.prints,
            sketch=taken.sketch,
            watermark=taken.watermark,
        )
        return found, settle(found)

    async def true_pictures(self) -> dict[str, Any]:
        table: dict[str, Any] = {}
        step = _searched(len(self.marked), self.args.everywhere)
        for name in PICTURES:
            counted: Counter[str] = Counter()
            for number, (record, its) in enumerate(self.marked):
                found, settled = await self.ask(its.traces[name])
                counted["of"] += 1
                counted["right"] += settled.record == record
                counted["wrong"] += settled.record not in ("", record)
                counted["digest"] += record in found.digest
                counted["content"] += record in found.content
                counted["fingerprint"] += record in found.near
                counted["right without watermark"] += record in (*found.digest, *found.content, *found.near)
                if number % step == 0:
                    counted["looked at for a watermark"] += 1
                    counted["watermark"] += record in found.watermark
                    counted["right with it"] += settled.record == record
            table[name] = dict(counted)
        return table

    async def true_texts(self) -> dict[str, Any]:
        table: dict[str, Any] = {}
        rng = random.Random(7)
        for name, change in TEXTS.items():
            counted: Counter[str] = Counter()
            for record, text in self.written:
                words = sketch(change(text, rng), ASKED)
                found, settled = await self.ask(Traces(b"", sketch=words))
                counted["of"] += 1
                # Texts that hold each other's words are in the index too: the right one is among those named.
                counted["right"] += record in found.words
                counted["named first"] += settled.record == record
                counted["wrong"] += bool(settled.record) and record not in found.words
            table[name] = dict(counted)
        return table

    async def false_pictures(self) -> dict[str, Any]:
        counted: Counter[str] = Counter()
        step = _searched(self.args.pictures, self.args.everywhere)
        every = enumerate(pictures(self.args.pictures, 2, self.args.photographs))
        works = {number: (named, named[1] == 0 or number % step == 0) for number, named in every}
        done = self._kept("unlabelled", Traces, works).through(self.pool, _unlabelled, works)
        labelled = pictures(len(self.marked), 1, self.args.photographs)
        same = copies([named for named, _ in works.values()], labelled)
        for number, taken in enumerate(done):
            found, settled = await self.ask(taken)
            if works[number][0] in same:
                counted["left out"] += 1
                counted["left out, named"] += bool(settled.record)
                continue
            counted["of"] += 1
            counted["everywhere"] += works[number][1]
            counted["false"] += bool(settled.record)
            for layer in ("digest", "content", "watermark", "near"):
                counted[f"false {layer}"] += bool(getattr(found, layer))
            if settled.record and self.args.show:
                print(works[number], settled, found, file=sys.stderr)
            # The same picture under the label of another: somebody moved it.
            record, _ = self.marked[number % len(self.marked)]
            _, settled = await self.ask(taken, (self.reader.close_leaf(record),))
            counted["moved"] += 1
            counted["moved: named"] += bool(settled.record)
            counted["moved: contradicted"] += settled.sure is Sure.CONTRADICTED
            counted["moved: could not be checked"] += settled.sure is Sure.UNSURE
        return dict(counted)

    async def false_texts(self) -> dict[str, Any]:
        counted: Counter[str] = Counter()
        for package, text in of_half(texts(self.args.seed), 1, None):
            if counted["of"] >= self.args.texts:
                break
            shared = self.said & runs(text)
            found, settled = await self.ask(Traces(b"", sketch=sketch(text, ASKED)))
            if shared:
                counted["left out"] += 1
                counted["left out, named"] += bool(settled.record)
                counted["left out, named as probable"] += settled.sure is Sure.PROBABLY
                continue
            counted["of"] += 1
            counted["false"] += bool(settled.record)
            if settled.record and self.args.show:
                record, (same, kept) = next(iter(found.words.items()))
                its = dict(self.written)[record]
                print(package, same, kept, repr(text[:200]), repr(its[:200]), file=sys.stderr)
        return dict(counted)


async def measure(args: argparse.Namespace) -> dict[str, Any]:
    with (
        multiprocessing.get_context("fork").Pool(args.jobs) as pool,
        tempfile.TemporaryDirectory() as folder,
    ):
        bench = Bench(args, Path(folder), pool)
        report: dict[str, Any] = {"labelled": bench.label()}
        for part, work in (
            ("unlabelled texts", bench.false_texts),
            ("labelled texts", bench.true_texts),
            ("labelled pictures", bench.true_pictures),
            ("unlabelled pictures", bench.false_pictures),
        ):
            report[part] = await work()
            print(part, report[part], file=sys.stderr, flush=True)
        report["false"], report["true"] = tracing_page.sums(report)
        bench.reader.close()
        bench.store.close()
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a fiftieth of it")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--page", type=Path, help="write the tables into this page, under their heading")
    parser.add_argument("--show", action="store_true", help="print what was named falsely")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--work", type=Path, help="where results are kept; default: nowhere")
    parser.add_argument("--everywhere", type=int, default=300, help="pictures that are searched for a watermark")
    parser.add_argument("--photographs", type=Path, nargs="*", default=[], help="folders with more pictures")
    args = parser.parse_args()
    share = 50 if args.quick else 1
    args.labelled_pictures, args.labelled_texts = 1400 // share, 1500 // share
    args.pictures, args.texts, args.everywhere = 7000 // share, 8000 // share, max(2, args.everywhere // share)
    with tempfile.TemporaryDirectory() as nowhere:
        args.work = args.work or Path(nowhere)
        args.work.mkdir(parents=True, exist_ok=True)
        report = asyncio.run(measure(args))
    report["seconds of CPU"] = {"of the one that asks": round(time.process_time())}
    if args.page:
        args.page.write_text(tracing_page.put(args.page.read_text("utf-8"), report), "utf-8")
    if args.json:
        print(json.dumps(report, indent=1))
        return
    print(tracing_page.tables(report))


if __name__ == "__main__":
    main()
