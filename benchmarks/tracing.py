# SPDX-License-Identifier: Apache-2.0
"""How often a file without a label is taken for a labelled one, and how often a labelled one is found again.

    python -m benchmarks.tracing [--quick] [--json] [--seed N] [--everywhere N] [--photographs FOLDER]

Labelled: records of pictures (drawn, and photographs of installed packages) and of texts out of the documentation of
installed packages, in a real store's index. Each is asked about as it is and after each transform. Unlabelled: other
drawn pictures, the texts of other packages. What is asked and how it is decided is what a service does
(`control.traced`, `marks.tracing`). False: the answer names a record. The bound is the exact one of Clopper and Pearson
(1934), one-sided 95 %.

An unlabelled text that has a run of twelve words in common with a labelled one, whatever stands between the words (line
ends, marks of comments, punctuation), is left out and counted: packages carry copies of each other's licences. The
watermark is written into every labelled picture that takes it; looking for it everywhere in a picture takes half a
second, so that is done for some alone, and said.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import re
import sys
import sysconfig
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

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
from benchmarks.labelled import Reader, fill, names
from benchmarks.pictures import DRAWN, drawn, photographs

KEY: Final = b"k" * 32
SIZE: Final = (256, 320)
KINDS: Final = tuple(sorted(set(DRAWN) - {"even"}))  # an even passage has no fingerprint, by intent
LEAST_WORDS, MOST_WORDS = 60, 600
RUN: Final = 12  # words that two texts by different people do not have in common by chance
_WORD: Final = re.compile(r"\w+")


def bound(wrong: int, of: int, confidence: float = 0.95) -> float:
    """The upper bound of a rate: where so few or fewer would be seen once in twenty times."""
    if wrong >= of:
        return 1.0
    from scipy.stats import beta

    return float(beta.ppf(confidence, wrong + 1, of - wrong))


# Pictures


def encoded(image: Any, form: str, **options: Any) -> bytes:
    made = io.BytesIO()
    image.save(made, form, **options)
    return made.getvalue()


def _half(image: Any) -> Any:
    return image.resize((image.width // 2, image.height // 2), 1)


def _screen(image: Any) -> bytes:
    from PIL import Image

    shown = image.resize((int(image.width * 1.2), int(image.height * 1.2)), 2)
    screen = Image.new("RGB", (shown.width + 90, shown.height + 60), (240, 240, 242))
    screen.paste(shown, (40, 25))
    return encoded(screen, "JPEG", quality=80)


def _cropped(image: Any, side: float) -> bytes:
    width, height = int(image.width * side), int(image.height * side)
    left, top = (image.width - width) // 2, (image.height - height) // 3
    return encoded(image.crop((left, top, left + width, top + height)), "JPEG", quality=85)


PICTURES: Final[dict[str, Callable[[Any], bytes]]] = {
    "as it is": lambda image: encoded(image, "PNG"),
    "WebP, lossless": lambda image: encoded(image, "WEBP", lossless=True),
    "JPEG q50": lambda image: encoded(image, "JPEG", quality=50),
    "JPEG q30": lambda image: encoded(image, "JPEG", quality=30),
    "half size": lambda image: encoded(_half(image), "PNG"),
    "half size, q75": lambda image: encoded(_half(image), "JPEG", quality=75),
    "screenshot, q80": _screen,
    "crop of 90 %": lambda image: _cropped(image, 0.95),
    "crop of half": lambda image: _cropped(image, 0.71),
}


def pictures(count: int, seed: int, folders: list[Path]) -> Iterator[Any]:
    from PIL import Image

    found = [image for _, image in photographs(*folders)][seed % 2 :: 2]
    for image in found:
        image.thumbnail((512, 512))
        yield image
    for number in range(count - len(found)):
        kind = KINDS[number % len(KINDS)]
        yield Image.fromarray(drawn(kind, seed * 1_000_000 + number, *SIZE))


# Texts


def texts(seed: int) -> Iterator[tuple[str, str]]:
    """(package, text) of the documentation of installed packages and of their docstrings."""
    site = Path(sysconfig.get_paths()["purelib"])
    files = [path for pattern in ("*.md", "*.rst", "*.txt", "*.py") for path in site.rglob(pattern)]
    random.Random(seed).shuffle(files)
    for path in files:
        package = path.relative_to(site).parts[0].partition("-")[0].lower()
        data = path.read_text("utf-8", "replace")[:200_000]
        pieces = re.findall(r'"""(.*?)"""', data, re.S) if path.suffix == ".py" else _paragraphs(data)
        for piece in pieces:
            if len(piece.split()) >= LEAST_WORDS:
                yield package, " ".join(piece.split(" ")[:MOST_WORDS])


def _paragraphs(data: str) -> list[str]:
    found, piece = [], ""
    for paragraph in re.split(r"\n\s*\n", data):
        piece += paragraph + "\n\n"
        if len(piece.split()) > 120:
            found.append(piece)
            piece = ""
    return found


def runs(text: str) -> set[bytes]:
    """Digests of every run of `RUN` words, case and what stands between them aside."""
    words = [word.lower() for word in _WORD.findall(text)]
    each = (" ".join(words[start : start + RUN]) for start in range(len(words) - RUN + 1))
    return {sha256(run.encode()).digest()[:12] for run in each}


def _words(share: float) -> Callable[[str, random.Random], str]:
    def change(text: str, rng: random.Random) -> str:
        return " ".join(f"w{rng.randrange(9999)}" if rng.random() < share else word for word in text.split())

    return change


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?\n])\s+", text)


def _shuffled(text: str, rng: random.Random) -> str:
    parts = _sentences(text)
    rng.shuffle(parts)
    return " ".join(parts)


def _excerpt(text: str, rng: random.Random) -> str:
    words = text.split()
    start = rng.randrange(len(words) // 2)
    return " ".join(words[start : start + len(words) // 2])


TEXTS: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "as it is": lambda text, _: text,
    "other white space, case, markup": lambda text, _: "**" + " ".join(text.split()).upper() + "**",
    "5 % of words changed": _words(0.05),
    "10 % of words changed": _words(0.10),
    "20 % of words changed": _words(0.20),
    "every third sentence gone": lambda text, _: " ".join(s for i, s in enumerate(_sentences(text)) if i % 3 != 2),
    "sentences in another order": _shuffled,
    "an excerpt of half": _excerpt,
}


# Both


class Bench:
    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self.args = args
        self.store = SqliteStore.create(folder / "store", payload_key=KEY)
        self.names = names()
        self.marked: list[tuple[str, Any]] = []  # record, picture as labelled
        self.written: list[tuple[str, str]] = []  # record, text
        self.unmarked = 0
        self.said: set[bytes] = set()

    def label(self) -> None:
        import numpy as np
        from PIL import Image

        records: list[tuple[str, tuple[bytes, ...]]] = []
        for image in pictures(self.args.labelled_pictures, 1, self.args.photographs):
            record, mark = next(self.names), None
            try:
                image = Image.fromarray(watermark.embed(np.asarray(image), payload_of(record), KEY))
                mark = payload_of(record)
            except VerificationError:
                self.unmarked += 1
            taken = _taken(encoded(image, "PNG"))
            tags = kept_tags(KEY, (taken.digest,), content=taken.content, prints=taken.prints, watermark=mark)
            records.append((record, tags))
            self.marked.append((record, image))
        for _, text in _of_half(texts(self.args.seed), 0, self.args.labelled_texts):
            record = next(self.names)
            records.append((record, kept_tags(KEY, (), sketch=sketch(text, KEPT))))
            self.written.append((record, text))
            self.said |= runs(text)
        fill(self.store, records)
        self.reader = Reader(self.store)

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
        for name, change in PICTURES.items():
            counted: Counter[str] = Counter()
            for number, (record, image) in enumerate(self.marked):
                everywhere = number % max(1, len(self.marked) // self.args.everywhere) == 0
                taken = _taken(change(image), key=KEY if everywhere else None)
                found, settled = await self.ask(taken)
                counted["of"] += 1
                counted["wrong"] += settled.record not in ("", record)
                counted["digest"] += record in found.digest
                counted["content"] += record in found.content
                counted["fingerprint"] += record in found.near
                counted["right without watermark"] += record in (*found.digest, *found.content, *found.near)
                if everywhere:
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
                counted["wrong"] += bool(settled.record) and record not in found.words
            table[name] = dict(counted)
        return table

    async def false_pictures(self) -> dict[str, Any]:
        counted: Counter[str] = Counter()
        for number, image in enumerate(pictures(self.args.pictures, 2, self.args.photographs)):
            searched = number < self.args.everywhere
            taken = _taken(encoded(image, "PNG"), key=KEY, everywhere=searched)
            found, settled = await self.ask(taken)
            counted["of"] += 1
            counted["everywhere"] += searched
            counted["false"] += bool(settled.record)
            for layer in ("digest", "content", "watermark", "near"):
                counted[f"false {layer}"] += bool(getattr(found, layer))
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
        for package, text in _of_half(texts(self.args.seed), 1, None):
            if counted["of"] >= self.args.texts:
                break
            if self.said & runs(text):
                counted["left out"] += 1
                continue
            found, settled = await self.ask(Traces(b"", sketch=sketch(text, ASKED)))
            counted["of"] += 1
            counted["false"] += bool(settled.record)
            if settled.record and self.args.show:
                record, (shared, kept) = next(iter(found.words.items()))
                print(package, shared, kept, repr(text[:200]), repr(dict(self.written)[record][:200]))
        return dict(counted)


def _taken(data: bytes, key: bytes | None = None, *, everywhere: bool = True) -> Traces:
    return traces(data, detect(io.BytesIO(data)), watermark_key=key, looked_for=everywhere)


def _of_half(every: Iterator[tuple[str, str]], half: int, most: int | None) -> Iterator[tuple[str, str]]:
    """Texts of those packages whose name falls into that half, each text once, no package more than a twentieth."""
    seen: set[bytes] = set()
    each: dict[str, int] = defaultdict(int)
    for package, text in every:
        its = sha256(" ".join(text.split()).encode()).digest()
        if sha256(package.encode()).digest()[0] % 2 == half and its not in seen:
            seen.add(its)
            each[package] += 1
            if most is None or each[package] <= max(20, most // 20):
                yield package, text
                if most is not None and (most := most - 1) <= 0:
                    return


async def measure(args: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args, Path(folder))
        bench.label()
        report: dict[str, Any] = {
            "labelled": {
                "pictures": len(bench.marked),
                "without watermark": bench.unmarked,
                "texts": len(bench.written),
            },
        }
        for part, work in (
            ("unlabelled texts", bench.false_texts),
            ("unlabelled pictures", bench.false_pictures),
            ("labelled texts", bench.true_texts),
            ("labelled pictures", bench.true_pictures),
        ):
            report[part] = await work()
            print(part, report[part], file=sys.stderr, flush=True)
        both = (report["unlabelled texts"], report["unlabelled pictures"])
        wrong, of = (sum(each[name] for each in both) for name in ("false", "of"))
        report["false"] = {"items": of, "named": wrong, "rate": wrong / of, "upper bound 95 %": bound(wrong, of)}
        bench.reader.close()
        bench.store.close()
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a hundredth of it")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--show", action="store_true", help="print what was named falsely")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--everywhere", type=int, default=150, help="pictures that are searched for a watermark")
    parser.add_argument("--photographs", type=Path, nargs="*", default=[], help="folders with more pictures")
    args = parser.parse_args()
    share = 50 if args.quick else 1
    args.labelled_pictures, args.labelled_texts = 1400 // share, 1500 // share
    args.pictures, args.texts, args.everywhere = 7000 // share, 8000 // share, max(2, args.everywhere // share)
    report = asyncio.run(measure(args))
    report["seconds of CPU"] = {"all": round(time.process_time())}
    if args.json:
        print(json.dumps(report, indent=1))
        return
    for part, found in report.items():
        print(part)
        for name, value in found.items():
            print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
