# SPDX-License-Identifier: Apache-2.0
"""The image watermark by itself: kinds and sizes of pictures, speed, and how often it accuses an unmarked picture."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice
from math import sqrt
from pathlib import Path
from typing import Any, Final

import numpy as np

from answerable.errors import VerificationError
from answerable.labels.watermark import embed, extract, psnr
from answerable.labels.watermark.evidence import ACCEPTED
from benchmarks.label_transforms import cut, opened, resized, saved
from benchmarks.pictures import DRAWN, Pixels, drawn, photographs
from benchmarks.tracing_page import bound

KEY: Final = bytes(range(32))
SIZES: Final = (1024, 512, 384, 256)
CHANGES: Final[dict[str, Callable[[Any], bytes]]] = {
    "JPEG q50": lambda image: saved(image, quality=50),
    "half size, q75": lambda image: saved(resized(image, 0.5), quality=75),
    "half the area": lambda image: saved(cut(image, 0.5)),
    "half the area, 0.7, q70": lambda image: saved(resized(cut(image, 0.5), 0.7), quality=70),
}


def _kind(work: tuple[str, int, int]) -> tuple[str, int, float | None, dict[str, bool]]:
    from PIL import Image

    kind, side, seed = work
    pixels, payload = drawn(kind, seed, side, side), seed * 0x1000193 + side
    try:
        marked = embed(pixels, payload, KEY)
    except VerificationError:
        return kind, side, None, {}
    found = {}
    for name, change in CHANGES.items():
        read = extract(np.asarray(opened(change(Image.fromarray(marked)))), KEY, search="full")
        found[name] = read is not None and read.payload == payload
    return kind, side, psnr(pixels, marked), found


def kinds(pool: Any, each: int) -> str:
    """The table of drawn kinds of pictures by size."""
    lines = [
        "## The image watermark by kind and size of picture",
        "",
        f"Drawn pictures (`benchmarks/pictures.py`), {each} of each, square. *Refused*: the id could not be read "
        "back, so the picture was given out without the mark. The shares are of those marked.",
        "",
        "| kind | pixels a side | refused | quality, median dB | " + " | ".join(CHANGES) + " |",
        "| --- | --- | --- | --- |" + " --- |" * len(CHANGES),
    ]
    results: dict[tuple[str, int], list[tuple[float | None, dict[str, bool]]]] = {}
    work = [(kind, side, seed) for kind in DRAWN for side in SIZES for seed in range(1, each + 1)]
    for kind, side, quality, found in pool.imap_unordered(_kind, work):
        results.setdefault((kind, side), []).append((quality, found))
    for kind in DRAWN:
        for side in SIZES:
            of = results[kind, side]
            marked = [quality for quality, _ in of if quality is not None]
            shares = [f"{sum(found.get(name, False) for _, found in of)}/{len(marked)}" for name in CHANGES]
            quality = f"{statistics.median(marked):.1f}" if marked else "-"
            lines.append(f"| {kind} | {side} | {len(of) - len(marked)} | {quality} | " + " | ".join(shares) + " |")
    return "\n".join(lines)


def speed() -> str:
    """Arrays in, arrays out: without files and formats."""
    lines = [
        "## The image watermark's speed",
        "",
        "Arrays in, arrays out, one thread, medians of seven. Writing includes reading back. *Bar*: 300 ms a megapixel "
        "to write, 300 ms to read in place, 5 s with the search.",
        "",
        "| picture | write, ms (CPU) | a megapixel, CPU ms | read in place, ms (CPU) | search, found at half size | "
        "search, nothing there |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for height, width in ((512, 512), (1024, 1024), (2048, 2048), (3000, 4000)):
        small = drawn("scene", 1, height // 4, width // 4)
        pixels = np.ascontiguousarray(np.kron(small, np.ones((4, 4, 1), np.uint8)))
        marked = embed(pixels, 1, KEY)
        half = np.asarray(resized(opened(saved(_image(marked))), 0.5))
        write = _timed(lambda pixels=pixels: embed(pixels, 1, KEY))
        times = [write, _timed(lambda marked=marked: extract(marked, KEY))]
        times += [_timed(lambda seen=seen: extract(seen, KEY, search="full")) for seen in (half, pixels)]
        cells = [f"{wall:.0f} ({cpu:.0f})" for wall, cpu in times]
        cells.insert(1, f"{write[1] / (height * width / 1e6):.0f}")
        lines.append(f"| {width}x{height} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _image(pixels: Pixels) -> Any:
    from PIL import Image

    return Image.fromarray(pixels)


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = [], []
    for _ in range(7):
        start = time.perf_counter(), time.process_time()
        call()
        wall.append((time.perf_counter() - start[0]) * 1000)
        cpu.append((time.process_time() - start[1]) * 1000)
    return statistics.median(wall), statistics.median(cpu)


def _plain(count: int, folders: tuple[Path, ...]) -> Iterator[tuple[int, Pixels, bytes, str]]:
    """Unmarked pictures: pieces of photographs at several sizes, drawn ones, and every eighth marked under another key.
    Each is looked at with a key of its own; one in ten by the full search."""
    rng = np.random.default_rng(7)
    shown = [resized(image, min(1, sqrt(1e6 / (image.width * image.height)))) for _, image in photographs(*folders)]
    for number in range(count):
        if shown and number % 4:
            image = shown[int(rng.integers(len(shown)))]
            side = min(*image.size, int(rng.integers(200, 640)))
            left, top = (int(rng.integers(length - side + 1)) for length in image.size)
            pixels = np.asarray(image.crop((left, top, left + side, top + side)))
        else:
            pixels = drawn(list(DRAWN)[number // 4 % len(DRAWN)], number, 320, 384)
        if number % 8 == 1:
            try:
                pixels = embed(pixels, number, b"another operator's key" + bytes(10))
            except VerificationError:
                continue
        yield number, pixels, number.to_bytes(4, "big") * 8, "full" if number % 10 == 0 else "place"


def _accuses(work: tuple[int, Pixels, bytes, Any]) -> tuple[str, bool]:
    _, pixels, key, search = work
    return search, extract(pixels, key, search=search) is not None


def unmarked(pool: Any, count: int, folders: tuple[Path, ...]) -> str:
    """How many of so many unmarked pictures are accused, with the 95 % upper bound of the rate."""
    tried = {"place": 0, "full": 0}
    accused = dict(tried)
    for search, found in pool.imap_unordered(_accuses, _plain(count, folders), chunksize=4):
        tried[search] += 1
        accused[search] += found
    lines = [
        "## The image watermark in unmarked pictures",
        "",
        "Pieces of the photographs above, drawn pictures, and pictures that are marked under another key, each looked "
        "at with a key of its own. By its p-value a search accuses an unmarked picture with a probability of "
        f"{ACCEPTED:g} at most, all its trials counted (`watermark/evidence.py`); this only checks that.",
        "",
        "| search | pictures | accused | upper bound of the rate, 95 % |",
        "| --- | --- | --- | --- |",
    ]
    for search in ("place", "full"):
        lines.append(
            f"| {search} | {tried[search]} | {accused[search]} | {_upper(accused[search], tried[search]):.2g} |"
        )
    total, wrong = sum(tried.values()), sum(accused.values())
    lines.append(f"| both | {total} | {wrong} | {_upper(wrong, total):.2g} |")
    return "\n".join(lines)


def _pieces(count: int, folders: tuple[Path, ...]) -> Iterator[tuple[Pixels, int]]:
    """Small pieces of marked pictures, with the id that was written."""
    rng = np.random.default_rng(8)
    marked: list[tuple[Pixels, int]] = []
    for number, (_, image) in enumerate(islice(photographs(*folders), 0, None, 2)):
        share = 600 / min(image.size)
        try:
            marked.append((embed(np.asarray(resized(image, share)), number * 0x10001, KEY), number * 0x10001))
        except VerificationError:
            continue
    for number in range(count if marked else 0):
        pixels, payload = marked[number % len(marked)]
        side = int(rng.integers(110, 260))
        top, left = (int(rng.integers(length - side + 1)) for length in pixels.shape[:2])
        piece = saved(_image(pixels[top : top + side, left : left + side]), quality=int(rng.integers(30, 90)))
        yield np.asarray(opened(piece)), payload


def _piece(work: tuple[Pixels, int]) -> str:
    pixels, payload = work
    read = extract(pixels, KEY)
    return "none" if read is None else "right" if read.payload == payload else "wrong"


def pieces(pool: Any, count: int, folders: tuple[Path, ...]) -> str:
    """How often a mark that is nearly too damaged to be read is read as another id."""
    seen = {"right": 0, "none": 0, "wrong": 0}
    for answer in pool.imap_unordered(_piece, _pieces(count, folders), chunksize=4):
        seen[answer] += 1
    bound = _upper(seen["wrong"], sum(seen.values()))
    return "\n".join(
        (
            "## A damaged image watermark read as another id",
            "",
            "Pieces of 110 to 260 pixels a side of marked photographs, JPEG of quality 30 to 90, read in place: many "
            "are at the edge of what can be read.",
            "",
            "| right id | none | wrong id | upper bound of the rate of wrong ids, 95 % |",
            "| --- | --- | --- | --- |",
            f"| {seen['right']} | {seen['none']} | {seen['wrong']} | {bound:.2g} |",
        )
    )


def _upper(found: int, of: int) -> float:
    """Clopper and Pearson's upper bound, one-sided, at 95 %."""
    return bound(found, of)


LIMITS: Final = """
## What the image watermark does not survive

- A change of proportions (stretching by more than about a hundredth), a turn by more than about five degrees that is no
  quarter turn, a perspective: the search does not look there.
- A blur that takes all that is smaller than some six pixels, as written, and making a picture less than about a third
  as large: the band is gone.
- Pictures smaller than 256 pixels a side are often refused, and so are some rough ones of that size: there is too
  little room for 48 bits. Pieces of 100 pixels a side, as written, are read in two cases of three, smaller ones less.
- White pages of text carry it, but least well: JPEG rounds it away where there is nothing else.
- Drawing the picture anew (an image model, a photograph of a screen) and whoever has the key: the key that reads can
  also write and take out, so it never leaves the operator. Someone with many pictures of one key, all marked, can
  average them and learn the pattern; keys of more than one period are for whoever derives them.
- It names a record and proves nothing by itself: a mark can be copied onto another picture by subtracting and adding.
  The record in the log, its digest and its fingerprint must agree.
"""
