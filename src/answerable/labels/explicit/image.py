# SPDX-License-Identifier: Apache-2.0
"""Words on a picture in memory (GB 45438-2025 section 5.2), and what can be measured of them afterwards.

A picture is drawn on as its viewers see it: one that its EXIF turns is turned for the words and not for itself. Every
pixel outside the box of the words stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from answerable.errors import Refused, VerificationError
from answerable.labels.explicit.patch import Box, Patch, contrast, glyph_height, likeness, make
from answerable.labels.explicit.plan import CONTRAST, LIKENESS, Plan

if TYPE_CHECKING:
    from PIL.Image import Image

_ORIENTATION: Final = 0x0112
_OPAQUE: Final = 255
# Black and white of each kind of pixel; with an alpha channel it is opaque.
_TONES: Final[dict[str, tuple[Any, Any]]] = {
    "1": (0, 255),
    "L": (0, 255),
    "LA": ((0, _OPAQUE), (255, _OPAQUE)),
    "RGB": ((0, 0, 0), (255, 255, 255)),
    "RGBA": ((0, 0, 0, _OPAQUE), (255, 255, 255, _OPAQUE)),
    "CMYK": ((0, 0, 0, 255), (0, 0, 0, 0)),
    "YCbCr": ((0, 128, 128), (255, 128, 128)),
    "I;16": (0, 65_535),
}


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """image: the same object, drawn on; patch: what was drawn, and where as viewers see it; stored: where in the pixels
    as they are stored."""

    image: Image
    patch: Patch
    stored: Box


@dataclass(frozen=True, slots=True)
class Measured:
    """Found again in pixels. glyph_px: height of a full glyph; least_px: what the standard asks; contrast: 1 to 21;
    likeness: of what stands there to what was drawn, 1 for the same."""

    glyph_px: int
    least_px: int
    contrast: float
    likeness: float = 1.0

    def checked(self) -> Measured:
        """Itself. Raises VerificationError ``label.explicit`` if it falls short of the standard."""
        if self.glyph_px < self.least_px:
            raise _short(f"a glyph is {self.glyph_px} pixels high where {self.least_px} are asked for")
        if self.contrast < CONTRAST:
            raise _short(f"the words stand out by {self.contrast:.1f} where {CONTRAST:g} are asked for")
        if self.likeness < LIKENESS:
            raise _short("the words cannot be read again")
        return self


def draw(image: Image, plan: Plan, *, spare: int = 0) -> Drawn:
    """Draw the words of `plan` on `image`, in place. spare: as of `patch.make`.

    Raises Refused ``label.explicit`` for a picture that is too small for them or of a kind of pixel that is not drawn
    on, ``label.plan``; Unavailable ``label.extra``.
    """
    turn = turned(image)
    width, height = image.size if turn not in (5, 6, 7, 8) else (image.height, image.width)
    patch = make(plan, width, height, spare=spare)
    stored = _stored(patch.box, width, height, turn)
    _paint(image, _untwisted(patch, turn), stored)
    return Drawn(image, patch, stored)


def measure(image: Image, patch: Patch, plan: Plan) -> Measured:
    """What of `patch` can be found on `image`, read anew. Both are as viewers see them."""
    region = grey(_upright(image), patch.place)
    same = likeness(region, patch.words)
    return Measured(glyph_height(region), plan.glyph(min(image.size)), contrast(region), same)


def grey(image: Image, box: Box) -> Any:
    """The grey values of a box of `image`, 0 to 255."""
    import numpy as np

    part = image.crop((box.x, box.y, box.x + box.width, box.y + box.height))
    if part.mode.startswith("I"):
        return (np.asarray(part).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
    return np.asarray(part.convert("RGBA").convert("L"))


def turned(image: Image) -> int:
    """EXIF's orientation, 1 to 8; 1 where it says none, or nonsense."""
    try:
        said = image.getexif().get(_ORIENTATION, 1)
    except (SyntaxError, ValueError, OSError, KeyError, TypeError):
        return 1
    return said if isinstance(said, int) and 1 <= said <= 8 else 1


def _upright(image: Image) -> Image:
    from PIL import Image as Pil

    how = {
        2: Pil.Transpose.FLIP_LEFT_RIGHT, 3: Pil.Transpose.ROTATE_180, 4: Pil.Transpose.FLIP_TOP_BOTTOM,
        5: Pil.Transpose.TRANSPOSE, 6: Pil.Transpose.ROTATE_270, 7: Pil.Transpose.TRANSVERSE,
        8: Pil.Transpose.ROTATE_90,
    }.get(turned(image))  # fmt: skip
    return image if how is None else image.transpose(how)


def _untwisted(patch: Patch, turn: int) -> Any:
    """The patch as it has to be stored so that viewers who turn the picture see it upright."""
    from PIL import Image as Pil

    how = {
        2: Pil.Transpose.FLIP_LEFT_RIGHT, 3: Pil.Transpose.ROTATE_180, 4: Pil.Transpose.FLIP_TOP_BOTTOM,
        5: Pil.Transpose.TRANSPOSE, 6: Pil.Transpose.ROTATE_90, 7: Pil.Transpose.TRANSVERSE,
        8: Pil.Transpose.ROTATE_270,
    }.get(turn)  # fmt: skip
    upright = Pil.fromarray(patch.pixels)
    return upright if how is None else upright.transpose(how)


def _stored(box: Box, width: int, height: int, turn: int) -> Box:
    """`box` of the upright picture (width by height) in the pixels as they are stored."""
    left, top, right, bottom = box.x, box.y, width - box.x - box.width, height - box.y - box.height
    x, y = {
        1: (left, top), 2: (right, top), 3: (right, bottom), 4: (left, bottom),
        5: (top, left), 6: (top, right), 7: (bottom, right), 8: (bottom, left),
    }[turn]  # fmt: skip
    wide, high = (box.height, box.width) if turn >= 5 else (box.width, box.height)
    return Box(x, y, wide, high)


def _paint(image: Image, words: Any, box: Box) -> None:
    import numpy as np
    from PIL import Image as Pil

    area = (box.x, box.y, box.x + box.width, box.y + box.height)
    if image.mode == "P":
        dark, light = _palette(image)
    elif image.mode in _TONES:
        dark, light = _TONES[image.mode]
    else:
        raise Refused("label.explicit", detail=f"pixels of the kind {image.mode} are not drawn on")
    image.load()
    ground = Pil.new("L" if image.mode == "P" else image.mode, words.size, dark)
    if image.mode in ("P", "1"):
        ground.paste(light, None, words.point(lambda value: 255 * (value >= 128)).convert("1"))
    elif image.mode == "I;16":
        ground = Pil.fromarray(np.asarray(words).astype(np.uint16) * 257)
    else:
        ground.paste(Pil.new(image.mode, words.size, light), None, words)
    if image.mode == "P":
        ground = Pil.frombytes("P", words.size, ground.tobytes())
    image.paste(ground, area)


def _palette(image: Image) -> tuple[int, int]:
    """Two entries of the palette that words can be read in: a free one is taken where none is dark or light enough."""
    import numpy as np

    entries = np.array(image.getpalette("RGB"), dtype=np.float64).reshape(-1, 3)
    clear = image.info.get("transparency")
    opaque = [
        place
        for place in range(len(entries))
        if (
            place != clear
            if isinstance(clear, int)
            else clear is None or place >= len(clear) or clear[place] == _OPAQUE
        )
    ]
    light = entries @ (0.299, 0.587, 0.114)
    if opaque:
        dark, bright = min(opaque, key=lambda each: light[each]), max(opaque, key=lambda each: light[each])
        # Black on the one side, white on the other, within what still gives twice the contrast asked for.
        if light[dark] <= 32 and light[bright] >= 208:
            return dark, bright
    used = {value for _, value in image.getcolors(256) or ()}
    free = [place for place in range(256) if place not in used and place != clear]
    if len(free) < 2 or isinstance(clear, bytes):
        raise Refused("label.explicit", detail="its palette has neither black and white nor room for them")
    table = [list(map(int, row)) for row in entries] + [[0, 0, 0]] * (256 - len(entries))
    table[free[0]], table[free[1]] = [0, 0, 0], [255, 255, 255]
    image.putpalette([value for row in table[: max(len(entries), free[1] + 1)] for value in row])
    return free[0], free[1]


def _short(detail: str) -> VerificationError:
    return VerificationError("label.explicit", detail=detail)
