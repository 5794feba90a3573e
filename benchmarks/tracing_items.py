# SPDX-License-Identifier: Apache-2.0
"""What tracing is measured on: pictures and texts, and what is done to them after they were labelled."""

from __future__ import annotations

import io
import random
import re
import sysconfig
from collections import defaultdict
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from benchmarks.pictures import DRAWN, drawn, photograph, photograph_files

SIZE: Final = (256, 320)
KINDS: Final = tuple(sorted(set(DRAWN) - {"even"}))  # an even passage has no fingerprint, by intent
LEAST_WORDS, MOST_WORDS = 60, 600
RUN: Final = 12  # words that two texts by different people do not have in common by chance
_WORD: Final = re.compile(r"\w+")
Picture = tuple[str, int]  # a file and 0, or a kind of `DRAWN` and its seed


def encoded(image: Any, form: str, **options: Any) -> bytes:
    """A picture as a file."""
    made = io.BytesIO()
    image.save(made, form, **options)
    return made.getvalue()


def png(image: Any) -> bytes:
    """As PNG, quickly: how small it is does not matter here."""
    return encoded(image, "PNG", compress_level=1)


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
    "as it is": png,
    "WebP, lossless": lambda image: encoded(image, "WEBP", lossless=True, quality=0, method=0),
    "JPEG q50": lambda image: encoded(image, "JPEG", quality=50),
    "JPEG q30": lambda image: encoded(image, "JPEG", quality=30),
    "half size": lambda image: png(_half(image)),
    "half size, q75": lambda image: encoded(_half(image), "JPEG", quality=75),
    "screenshot, q80": _screen,
    "crop of 90 %": lambda image: _cropped(image, 0.95),
    "crop of half": lambda image: _cropped(image, 0.71),
}


def pictures(count: int, seed: int, folders: list[Path]) -> list[Picture]:
    """So many pictures, named: every other photograph of the folders, and drawn ones. No seed has those of another."""
    found = [str(path) for path in photograph_files(*folders)][seed % 2 :: 2][:count]
    kinds = ((KINDS[number % len(KINDS)], seed * 1_000_000 + number) for number in range(count - len(found)))
    return [*((path, 0) for path in found), *kinds]


def picture(named: Picture) -> Any:
    """That picture, a PIL image."""
    from PIL import Image

    kind, seed = named
    if kind in DRAWN:
        return Image.fromarray(drawn(kind, seed, *SIZE))
    image = photograph(Path(kind))
    image.thumbnail((512, 512))
    return image


def copies(some: list[Picture], others: list[Picture]) -> set[Picture]:
    """Those photographs of `some` that one of the others shows too, in another size: packages carry such. By the greys
    of 24 x 24 fields, of which those of two photographs correlate by less than 0.995."""
    known = [_greys(path) for path, seed in others if not seed]
    return {
        (path, seed)
        for path, seed in some
        if not seed and any(float((_greys(path) * each).mean()) > 0.998 for each in known)
    }


def _greys(path: str) -> Any:
    import numpy as np

    seen = np.asarray(photograph(Path(path)).convert("L").resize((24, 24)), float)
    return (seen - seen.mean()) / (seen.std() + 1e-9)


def texts(seed: int) -> Iterator[tuple[str, str]]:
    """(package, text) of the documentation of installed packages and of their docstrings."""
    site = Path(sysconfig.get_paths()["purelib"])
    files = sorted(path for pattern in ("*.md", "*.rst", "*.txt", "*.py") for path in site.rglob(pattern))
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


def of_half(every: Iterator[tuple[str, str]], half: int, most: int | None) -> Iterator[tuple[str, str]]:
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
