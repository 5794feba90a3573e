# SPDX-License-Identifier: Apache-2.0
"""Pictures to measure labels on: drawn here from a seed, and photographs that packages carry.

A drawn picture is the same wherever it is drawn with the same libraries. Photographs come from any folder that is
named; `make bench-labels` fetches the samples of scikit-image and scikit-learn and some of Debian's wallpapers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def _cloud(rng: np.random.Generator, height: int, width: int, slope: float) -> NDArray[np.float64]:
    """Noise whose amplitude falls with frequency as 1/f^slope, as nature's does: mean 0, deviation 1."""
    made = np.fft.irfft2(
        np.fft.rfft2(rng.standard_normal((height, width))) / _fall(height, width, slope), s=(height, width)
    )
    return (made - made.mean()) / made.std()


@lru_cache(maxsize=8)
def _fall(height: int, width: int, slope: float) -> NDArray[np.float64]:
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    radius: NDArray[np.float64] = np.maximum(np.hypot(fy, fx), 1 / max(height, width))
    return radius**slope


def _bytes(planes: NDArray[np.float64]) -> Pixels:
    return np.clip(np.rint(planes), 0, 255).astype(np.uint8)


def scene(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """A landscape of a kind: bodies of many sizes in front of each other, each with a surface of its own."""
    y, x = np.mgrid[0:height, 0:width]
    planes = np.stack([120 + 30 * _cloud(rng, height, width, 1.4) for _ in range(3)], axis=2)
    grain = _cloud(rng, height, width, 0.9)
    for _ in range(40):
        centre, size = rng.random(2) * (height, width), min(height, width) * 0.3 * rng.random() ** 2 + 6
        angle, flat = rng.random() * np.pi, 0.3 + 0.7 * rng.random()
        part = tuple(slice(max(0, int(at - size) - 1), int(at + size) + 2) for at in centre)
        down, across = y[part] - centre[0], x[part] - centre[1]
        along, beside = down * np.cos(angle) + across * np.sin(angle), across * np.cos(angle) - down * np.sin(angle)
        body = along**2 + (beside / flat) ** 2 < size**2
        light = 1 + 0.5 * along[body] / size
        tone = rng.random(3) * 200 + 20
        planes[part][body] = tone * light[:, None] + rng.random() * 20 * grain[part][body][:, None]
    return _bytes(planes)


def texture(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """A rough surface, the same everywhere: the hardest for a watermark, whose band it fills."""
    tone = rng.random(3) * 60 + 90
    return _bytes(tone + (35 * _cloud(rng, height, width, 0.7))[:, :, None])


def even(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """A slow passage from one colour to another."""
    y, x = np.mgrid[0:height, 0:width]
    along = (np.cos(rng.random() * 6) * y / height + np.sin(rng.random() * 6) * x / width)[:, :, None]
    return _bytes(rng.random(3) * 150 + 50 + along * (rng.random(3) * 80 - 40))


def dark(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """A scene by night: little light and much noise."""
    seen = scene(rng, height, width) * (0.12 + 0.1 * rng.random())
    return _bytes(seen + 3 * rng.standard_normal((height, width, 1)))


def screenshot(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """Lines of text and a few boxes on white."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz     ,."))
    top = 8
    while top < height:
        size = int(rng.integers(11, 26))
        if rng.random() < 0.12:
            box = (10, top, 10 + int(rng.integers(40, width)), top + 3 * size)
            draw.rectangle(box, fill=tuple(int(tone) for tone in rng.integers(60, 250, 3)))
        text = "".join(rng.choice(letters, int(rng.integers(5, max(6, 2 * width // size)))))
        draw.text((12, top), text, fill=(20, 20, 30), font=ImageFont.load_default(size))
        top += int(size * 1.5)
    return np.asarray(image)


DRAWN: Final[dict[str, Callable[[np.random.Generator, int, int], Pixels]]] = {
    "scene": scene,
    "texture": texture,
    "even": even,
    "dark": dark,
    "screenshot": screenshot,
}


def drawn(kind: str, seed: int, height: int, width: int) -> Pixels:
    """A picture of a kind of `DRAWN`."""
    return DRAWN[kind](np.random.default_rng([seed, sorted(DRAWN).index(kind)]), height, width)


def photographs(*folders: Path, least: int = 256) -> Iterator[tuple[str, Any]]:
    """(name, PIL image in RGB) of every picture in the folders with `least` pixels a side or more, by name."""
    for path in photograph_files(*folders, least=least):
        yield path.name, photograph(path)


def photograph_files(*folders: Path, least: int = 256) -> Iterator[Path]:
    """Where those are."""
    from PIL import Image

    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() not in {".jpg", ".jpeg", ".png", ".webp"} or not path.is_file():
                continue
            with Image.open(path) as opened:
                if min(opened.size) >= least:
                    yield path


def photograph(path: Path) -> Any:
    """The picture in a file, a PIL image in RGB."""
    from PIL import Image

    with Image.open(path) as opened:
        return opened.convert("RGB")
