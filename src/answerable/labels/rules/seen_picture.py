# SPDX-License-Identifier: Apache-2.0
"""Words on a picture, found where this project puts them: each wording, place and frame that `answerable label` can be
asked for is drawn for a picture of that size and compared with what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, Final

from answerable.errors import Refused, Unavailable, VerificationError
from answerable.labels.explicit.plan import CONTRAST, LANGUAGES, LIKENESS, Corner, Plan
from answerable.labels.rules.seen import FOUND, SHORT, UNSEEN, Seen

if TYPE_CHECKING:
    from PIL.Image import Image

    from answerable.labels.explicit.image import Measured

# As `explicit.pictures` draws: a coder that blurs gets glyphs of one row more.
_SPARE: Final = {"image/jpeg": 1, "image/webp": 1}
NOT_READ: Final = (
    "no words of this project's drawing stand on it; words of another's would have to be read by eye",
    "未发现本项目所绘文字；他方所加文字须由人眼辨认",
)


def look(file: BinaryIO, media: str) -> Seen:
    """Raises VerificationError ``format.malformed|oversized``, Unavailable ``label.extra``."""
    from answerable.labels.explicit.image import measure
    from answerable.labels.explicit.patch import make, placed

    image = _opened(file, media)
    best: tuple[Measured, Plan] | None = None
    for plan in plans():
        try:
            patch = make(plan, *image.size, spare=_SPARE.get(media, 0))
        except Refused:  # too small for these words
            continue
        high, wide = patch.pixels.shape
        for corner in Corner:
            found = measure(image, replace(patch, box=placed(corner, *image.size, wide, high)), plan)
            if best is None or found.likeness > best[0].likeness:
                best = found, plan
    if best is None or best[0].likeness < LIKENESS:
        return Seen(UNSEEN, *NOT_READ)
    found, plan = best
    said = f"{plan.text}: {found.glyph_px} px ({found.least_px}), 1:{found.contrast:.1f}"
    if found.glyph_px < found.least_px or found.contrast < CONTRAST:
        return Seen(SHORT, f"too small or too faint: {said}", f"过小或过淡：{said}", certain=True)
    return Seen(FOUND, said, said, certain=True)


def plans() -> Iterator[Plan]:
    """The words that `answerable label` can be asked for, with and without the icon, in whichever corner."""
    for language in LANGUAGES:
        for icon in (False, True):
            yield Plan(language, icon=icon)


def _opened(file: BinaryIO, media: str) -> Image:
    """The first frame, upright."""
    from answerable.labels.explicit.pictures import FORMATS, MAX_PIXELS

    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise Unavailable("label.extra", extra="image") from None
    name = FORMATS.get(media, "")
    if not name:
        raise VerificationError("format.unsupported", format=media, detail="its pixels are not looked at")
    try:
        file.seek(0)
        image = Image.open(file, formats=(name,))
        if image.width * image.height > MAX_PIXELS:
            raise VerificationError("format.oversized", format=name.lower(), detail=f"more than {MAX_PIXELS} pixels")
        image.load()
        return ImageOps.exif_transpose(image)
    except VerificationError:
        raise
    except Exception as error:  # noqa: BLE001  foreign bytes make the library raise almost anything
        raise VerificationError(
            "format.malformed", format=name.lower(), detail=f"its pixels cannot be read ({type(error).__name__})"
        ) from None
