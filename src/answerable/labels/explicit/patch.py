# SPDX-License-Identifier: Apache-2.0
"""The words of a label as a small picture: white on a black box, which can be read on any background; where it goes on
a larger one; and how high its glyphs are, found again in pixels. The font is a part of Noto Sans CJK
(`font/OFL.txt`)."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from answerable.errors import Refused, Unavailable
from answerable.labels.explicit.plan import Corner, Plan

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

FONT: Final = Path(__file__).with_name("font") / "label.otf"
# A full glyph: what is measured. Small letters and marks are lower by design.
_FULL: Final = re.compile("[A-Z0-9\u4e00-\u9fff]")
_TOKEN: Final = re.compile("[\u4e00-\u9fff]|[^\u4e00-\u9fff\\s-]+-?|-")
_HALF: Final = 128
_MARGIN: Final = 0.02


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels, from the left and the top."""

    x: int
    y: int
    width: int
    height: int

    def within(self, outer: Box) -> Box:
        """This box, given by places in `outer`, by places in what `outer` is given by."""
        return Box(self.x + outer.x, self.y + outer.y, self.width, self.height)


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """pixels: grey, black box and white words; text: where in it the words stand; glyph: height of a full glyph in
    pixels, as measured; box: where on the picture it goes."""

    pixels: NDArray[uint8]
    text: Box
    glyph: int
    box: Box

    @property
    def words(self) -> NDArray[uint8]:
        """The pixels of the words alone."""
        text = self.text
        return self.pixels[text.y : text.y + text.height, text.x : text.x + text.width]

    @property
    def place(self) -> Box:
        """Where on the picture the words stand."""
        return self.text.within(self.box)


def make(plan: Plan, width: int, height: int, *, spare: int = 0) -> Patch:
    """The label for a picture of so many pixels. Raises Refused ``label.explicit`` if that is too small for the words,
    with the least size that does; ``label.plan`` for a character that the font lacks. spare: pixels that glyphs are
    higher than they have to be, for a coder that may blur a row away."""
    _covered(plan.text)
    least = plan.glyph(min(width, height)) + spare
    lines = _lines(plan, least, width, height)
    pixels, text, glyph = _render(plan, least, lines)
    high, wide = pixels.shape
    return Patch(pixels, text, glyph, placed(plan.corner, width, height, wide, high))


def glyph_height(region: NDArray[uint8]) -> int:
    """Rows of the first glyph of the first line in `region` (grey, words white on black), 0 for none."""
    ink = region >= _HALF
    rows = _first_run(ink.any(axis=1))
    if rows is None:
        return 0
    columns = _first_run(ink[rows].any(axis=0))
    if columns is None:
        return 0
    first: Any = ink[rows, columns].any(axis=1)
    at = first.nonzero()[0]
    return int(at[-1] - at[0] + 1)


def contrast(region: NDArray[uint8]) -> float:
    """WCAG's ratio between the middle of the words and the middle of their box, 1 to 21."""
    import numpy as np

    ink = region >= _HALF
    if ink.all() or not ink.any():
        return 1.0
    light, dark = float(np.median(region[ink])), float(np.median(region[~ink]))
    return (_luminance(light) + 0.05) / (_luminance(dark) + 0.05)


def likeness(region: NDArray[uint8], meant: NDArray[uint8]) -> float:
    """How much `region` looks like the words that were meant to stand there: their correlation, 1 for the same."""
    import numpy as np

    if region.shape != meant.shape:
        return 0.0
    one, other = (each.astype(np.float64) - each.mean() for each in (region, meant))
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float((one * other).sum() / size) if size else 0.0


def numpy_and_font() -> tuple[Any, Any]:
    """The libraries that draw. Raises Unavailable ``label.extra``."""
    try:
        import numpy
        from PIL import ImageFont
    except ImportError:
        raise Unavailable("label.extra", extra="image") from None
    return numpy, ImageFont


@functools.lru_cache(maxsize=32)
def _font(size: int) -> Any:
    return numpy_and_font()[1].truetype(str(FONT), size)


@functools.cache
def glyphs() -> dict[str, Any]:
    """What `label.json` says of the font: units an em, ascent, and by character its glyph and advance."""
    import json

    told: dict[str, Any] = json.loads(FONT.with_suffix(".json").read_text(encoding="utf-8"))
    return told


def _covered(text: str) -> None:
    missing = "".join(sorted(set(text) - set(glyphs()["glyphs"])))
    if missing:
        raise Refused("label.plan", detail=f"the font for labels lacks {missing}")
    if not _FULL.match(text):
        raise Refused("label.plan", detail="the words begin with neither a capital nor a Han character")


def _lines(plan: Plan, least: int, width: int, height: int) -> tuple[str, ...]:
    """The words on as few lines as fit."""
    tokens = _TOKEN.findall(plan.text)
    smallest: tuple[int, int] | None = None
    for lines in dict.fromkeys(_broken(plan.text, tokens, count) for count in range(1, len(tokens) + 1)):
        pixels, _, _ = _render(plan, least, lines)
        if pixels.shape[1] <= width and pixels.shape[0] <= height:
            return lines
        if smallest is None or max(pixels.shape) < max(smallest):
            smallest = (int(pixels.shape[1]), int(pixels.shape[0]))
    raise Refused(
        "label.explicit",
        detail=f"{width} by {height} pixels are too few for its words; {smallest[0]} by {smallest[1]} would do"
        if smallest
        else "there are no words",
    )


def _broken(text: str, tokens: list[str], count: int) -> tuple[str, ...]:
    """`text` in at most `count` lines of about the same length, broken between tokens alone."""
    if count == 1:
        return (text,)
    target = len(text) / count
    lines: list[str] = []
    line, rest = "", text
    for token in tokens:
        at = rest.index(token)
        gap, rest = rest[:at], rest[at + len(token) :]
        if line and len(lines) < count - 1 and len(line) + len(gap) + len(token) > target + 1:
            lines.append(line)
            line = token
        else:
            line += (gap if line else "") + token
    return (*lines, line)


@functools.lru_cache(maxsize=64)
def _render(plan: Plan, least: int, lines: tuple[str, ...]) -> tuple[NDArray[uint8], Box, int]:
    """The words in the smallest size whose full glyphs, as drawn, are `least` high."""
    numpy_and_font()
    size = least
    while True:
        pixels, text = _drawn(plan, size, lines)
        glyph = glyph_height(pixels[text.y : text.y + text.height, text.x : text.x + text.width])
        if glyph >= least and _lowest(plan.text, size) >= least:
            return pixels, text, glyph
        size += max((least - glyph) // 2, 1)


def _lowest(text: str, size: int) -> int:
    """The height of the lowest full glyph of the words."""
    font = _font(size)
    return min(int(box[3] - box[1]) for box in (font.getbbox(each) for each in set(_FULL.findall(text))))


def _drawn(plan: Plan, size: int, lines: tuple[str, ...]) -> tuple[NDArray[uint8], Box]:
    import numpy as np
    from PIL import Image, ImageDraw

    font, pad = _font(size), max(size // 5, 2)
    boxes = [font.getbbox(line) for line in lines]
    top, bottom = min(box[1] for box in boxes), max(box[3] for box in boxes)
    high, gap = bottom - top, max(size // 6, 2)
    wide = max(box[2] - box[0] for box in boxes)
    icon = (high if plan.icon else 0) + (pad if plan.icon else 0)
    text = Box(pad + icon, pad, wide, len(lines) * high + (len(lines) - 1) * gap)
    image = Image.new("L", (text.x + wide + pad, text.height + 2 * pad), 0)
    draw = ImageDraw.Draw(image)
    for number, (line, box) in enumerate(zip(lines, boxes, strict=True)):
        draw.text((text.x - box[0], text.y - top + number * (high + gap)), line, font=font, fill=255)
    if plan.icon:
        _icon(draw, pad, pad, high)
    return np.asarray(image), text


def _icon(draw: Any, x: int, y: int, side: int) -> None:
    """The letters AI in a frame with round corners; our own drawing."""
    line = max(side // 12, 1)
    draw.rounded_rectangle((x, y, x + side - 1, y + side - 1), radius=side // 5, outline=255, width=line)
    font = _font(max(side * 5 // 9, 1))
    left, top, right, bottom = font.getbbox("AI")
    draw.text((x + (side - right - left) / 2, y + (side - bottom - top) / 2), "AI", font=font, fill=255)


def placed(corner: Corner, width: int, height: int, wide: int, high: int) -> Box:
    """Where a label of `wide` by `high` pixels goes on a picture of `width` by `height`."""
    margin = round(min(width, height) * _MARGIN)
    across, down = min(margin, width - wide), min(margin, height - high)
    x = (width - wide) // 2
    if "left" in corner:
        x = across
    elif "right" in corner:
        x = width - wide - across
    y = (height - high) // 2
    if corner.startswith("top"):
        y = down
    elif corner.startswith("bottom"):
        y = height - high - down
    return Box(x, y, wide, high)


def _first_run(marks: Any) -> slice | None:
    """The first unbroken stretch of true values."""
    at = marks.nonzero()[0]
    if not len(at):
        return None
    end = at[0]
    while end + 1 < len(marks) and marks[end + 1]:
        end += 1
    return slice(int(at[0]), int(end) + 1)


def _luminance(value: float) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
