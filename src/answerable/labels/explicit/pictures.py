# SPDX-License-Identifier: Apache-2.0
"""Words on pictures in files: PNG, JPEG, WebP, GIF and TIFF, of one or more frames.

The file is encoded again with what it was encoded with, as far as that can be known: PNG, GIF, TIFF and lossless WebP
give back every pixel outside the words; JPEG keeps its quantisation tables and subsampling, and what that costs is
reported. Metadata that is not about pixels stays byte for byte in PNG and JPEG, and by the library's means in the
others.
"""

from __future__ import annotations

import contextlib
import io
import math
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.labels.explicit import chunks
from answerable.labels.explicit.image import Drawn, Measured, draw, measure
from answerable.labels.explicit.patch import Box, numpy_and_font
from answerable.labels.explicit.plan import Plan

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
}
# What is held in memory at once: pixels of all frames, at up to four bytes each, before and after.
MAX_PIXELS: Final = 100_000_000
_BAND: Final = 128
MAX_FRAMES: Final = 2_000
WEBP_QUALITY: Final = 90
# Tags of TIFF 6.0 that say how pixels are laid out, and those that point to directories of Exif and GPS.
_LAYOUT: Final = frozenset(
    (*range(254, 260), 262, 266, 273, *range(277, 280), 284, 317, 320, *range(322, 326), 338, 339)
)
_WIDE, _HIGH, _ROWS_PER_STRIP = 256, 257, 278
_EXIF: Final = frozenset((330, 34_665, 34_853, 40_965))


@dataclass(frozen=True, slots=True)
class Report:
    """What was written. words: as drawn; box: where, as viewers see it, on the first frame; measured: on the file read
    anew, where it came nearest to the bound; frames: how many carry it; exact: every pixel outside the box is as it
    was; psnr: of the pixels outside in dB, infinite where exact."""

    words: str
    box: Box
    measured: Measured
    frames: int
    exact: bool
    psnr: float


def render(source: BinaryIO, target: BinaryIO, media: str, plan: Plan) -> Report:
    """`source`, a picture of type `media`, in `target` (readable too) with the words of `plan` on each frame.

    Raises Refused ``label.explicit`` for a picture that cannot carry them, ``label.plan``; VerificationError
    ``label.explicit`` if what was written falls short, ``format.malformed|oversized`` for the file; Unavailable
    ``label.extra``.
    """
    if media not in FORMATS:
        raise Refused("label.explicit", detail=f"words are not drawn on {media}")
    numpy_and_font()
    name = FORMATS[media]
    with _foreign(name):
        drawn, encoded = _drawn(source, name, plan)
        _write(source, target, name, encoded)
    return _checked(source, target, name, plan, drawn)


def _drawn(source: BinaryIO, name: str, plan: Plan) -> tuple[list[Drawn], bytes]:
    """What was drawn on each frame, and the pixels encoded again."""
    image = _open(source, name)
    if name == "PNG" and chunks.png_depth(source) == 16 and image.mode in ("RGB", "RGBA", "LA"):
        raise Refused("label.explicit", detail="a PNG of 16 bits a channel in colour would lose half of them")
    count, out = int(getattr(image, "n_frames", 1)), io.BytesIO()
    spare = int(name in ("JPEG", "WEBP"))
    if count == 1:
        _loaded(image)
        drawn = draw(image, plan, spare=spare)
        if name == "PNG":
            return [drawn], chunks.png_encoded(image)
        image.save(out, name, **_settings(image, source, name))
        return [drawn], out.getvalue()
    marks, frames, times = [], [], []
    for number in range(count):
        image.seek(number)
        image.load()
        frame = image.copy() if name == "TIFF" else image.convert("RGBA")
        if name == "TIFF":
            frame.encoderinfo = _settings(image, source, name)
        times.append(image.info.get("duration", 0))
        made = draw(frame, plan, spare=spare)
        marks.append(made)
        frames.append(_indexed(frame, made.stored) if name == "GIF" else frame)
    image.seek(0)
    more = _settings(image, source, name)
    if name != "TIFF":
        more["duration"] = times
        more |= {"loop": image.info["loop"]} if "loop" in image.info else {}
    if name == "GIF":
        # Each frame is whole; where one is clear somewhere, the one before it has to be wiped away first.
        more["disposal"] = 2 if any("transparency" in frame.info for frame in frames) else 1
    frames[0].save(out, name, save_all=True, append_images=frames[1:], **more)
    return marks, out.getvalue()


def _indexed(frame: Image, words: Box) -> Image:
    """A frame in a palette of exactly its colours. Raises Refused ``label.explicit`` if it has more than one holds."""
    import numpy as np
    from PIL import Image as Pil

    pixels = np.array(frame)
    pixels[pixels[..., 3] < 128] = 0
    pixels[..., 3] = np.where(pixels[..., 3] < 128, 0, 255)
    inside = pixels[words.y : words.y + words.height, words.x : words.x + words.width]
    bright = inside[..., :1] >= 128
    outside = np.ones(pixels.shape[:2], dtype=bool)
    outside[words.y : words.y + words.height, words.x : words.x + words.width] = False
    held = np.unique(pixels[outside].view(np.uint32)).view(np.uint8).reshape(-1, 4)
    dark, light = np.array([0, 0, 0, 255], np.uint8), np.full(4, 255, np.uint8)
    if len(held) > 254:
        # No room for black and white: the darkest and the lightest that are there have to do, and are measured.
        solid = held[held[:, 3] == 255]
        weight = solid[:, :3] @ np.array((299, 587, 114))
        dark, light = solid[weight.argmin()], solid[weight.argmax()]
    inside[:] = np.where(bright, light, dark)
    colours, places = np.unique(pixels.reshape(-1, 4).view(np.uint32).ravel(), return_inverse=True)
    if len(colours) > 256:
        raise Refused("label.explicit", detail="a frame of the animation has more colours than one palette holds")
    table = colours.view(np.uint8).reshape(-1, 4)
    made = Pil.frombytes("P", frame.size, places.astype(np.uint8).tobytes())
    made.putpalette(table[:, :3].tobytes())
    clear = np.flatnonzero(table[:, 3] == 0)
    if len(clear):
        made.info["transparency"] = int(clear[0])
    return made


def _settings(image: Image, source: BinaryIO, name: str) -> dict[str, Any]:
    """How the file is to be encoded so that it stays what it was."""
    if name == "JPEG":
        if image.format != "JPEG":
            raise Refused("label.explicit", detail="a JPEG that holds several pictures")
        return {"quality": "keep", "subsampling": "keep", "progressive": bool(image.info.get("progressive")),
                "keep_rgb": image.info.get("adobe_transform") == 0}  # fmt: skip
    if name == "WEBP":
        kept = {key: image.info[key] for key in ("icc_profile", "exif", "xmp") if image.info.get(key)}
        lossless = chunks.webp_lossless(source)
        return {"lossless": lossless, "exact": True, "quality": 80 if lossless else WEBP_QUALITY, "method": 4, **kept}
    if name == "TIFF":
        compression = image.info.get("compression", "raw")
        tags: Any = getattr(image, "tag_v2", None)
        if tags is not None and (tags.get(_WIDE), tags.get(_HIGH)) != image.size:  # it was turned when it was loaded
            tags[_WIDE], tags[_HIGH] = image.size
            tags.pop(_ROWS_PER_STRIP, None)
        kept = {"tiffinfo": tags if getattr(image, "n_frames", 1) == 1 else _page_tags(tags)}
        return {"compression": compression, **kept}
    if name == "GIF":
        return (
            {"optimize": False, "comment": image.info["comment"]} if image.info.get("comment") else {"optimize": False}
        )
    return {}


def _page_tags(tags: Any) -> Any:
    """What a page of several says of itself, without what counts in its pixels."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    kept = ImageFileDirectory_v2()
    for tag in tags:
        if tag in _EXIF:
            raise Refused("label.explicit", detail="a TIFF of several pages with Exif data of their own")
        if tag not in _LAYOUT:
            kept.tagtype[tag] = tags.tagtype[tag]
            kept[tag] = tags[tag]
    return kept


def _write(source: BinaryIO, target: BinaryIO, name: str, encoded: bytes) -> None:
    if name == "PNG":
        encoded = chunks.png(source, encoded)
    elif name == "JPEG":
        encoded = chunks.jpeg(source, encoded)
    target.seek(0)
    target.write(encoded)
    target.truncate()


def _checked(source: BinaryIO, target: BinaryIO, name: str, plan: Plan, drawn: list[Drawn]) -> Report:
    """What was written, read anew beside what was there."""
    with _foreign(name):
        before, after = _open(source, name), _open(target, name)
        counts = [int(getattr(each, "n_frames", 1)) for each in (before, after)]
        _loaded(before)
        _loaded(after)
        if not counts[0] == counts[1] == len(drawn) or before.size != after.size:
            raise VerificationError("label.explicit", detail="it came out with another size or number of frames")
        measured = Measured(MAX_PIXELS, 0, 0.0)
        wrong, total = 0.0, 0
        for number in range(counts[0]):
            before.seek(number)
            after.seek(number)
            _loaded(before)
            _loaded(after)
            measured = min(measured, measure(after, drawn[number].patch, plan).checked(), key=_height)
            error, values = _outside(before, after, drawn[number].stored)
            if before.info.get("duration") != after.info.get("duration"):
                raise VerificationError("label.explicit", detail="a frame lasts another time than it did")
            wrong, total = wrong + error, total + values
    exact = wrong == 0
    lossy = name == "JPEG" or (name == "WEBP" and not chunks.webp_lossless(source))
    lossy = lossy or (name == "TIFF" and before.info.get("compression") == "jpeg")
    if not exact and not lossy:
        raise VerificationError("label.explicit", detail="pixels outside the words changed")
    psnr = math.inf if exact else 10 * math.log10(255**2 * total / wrong)
    return Report(plan.text, drawn[0].patch.box, measured, counts[0], exact, psnr)


def _height(found: Measured) -> int:
    return found.glyph_px - found.least_px


def _outside(before: Image, after: Image, box: Box) -> tuple[float, int]:
    """The sum of squared differences outside `box`, and how many values that is of; a band of rows at a time."""
    import numpy as np

    kind = before.mode if before.mode.startswith(("I", "F")) or before.mode == "CMYK" else "RGBA"
    wrong, total = 0.0, 0
    for top in range(0, before.height, _BAND):
        area = (0, top, before.width, min(top + _BAND, before.height))
        parts = (each.crop(area) for each in (before, after))
        one, other = (np.asarray(each if each.mode == kind else each.convert(kind)) for each in parts)
        difference = one.astype(np.int32) - other.astype(np.int32)
        rows = slice(max(box.y - top, 0), max(box.y + box.height - top, 0))
        difference[rows, box.x : box.x + box.width] = 0
        wrong, total = wrong + float(np.square(difference, dtype=np.float64).sum()), total + difference.size
    return wrong, total


def _loaded(image: Image) -> None:
    """A TIFF that says it is turned gets its true size, and stands upright, when its pixels are loaded; its orientation
    is then gone from its tags, and it is written as it is seen."""
    if image.format == "TIFF":
        image.load()


def _open(source: BinaryIO, name: str) -> Image:
    from PIL import Image as Pil

    source.seek(0)
    image = Pil.open(source, formats=(name,))
    frames = int(getattr(image, "n_frames", 1))
    if frames > MAX_FRAMES or image.width * image.height * frames > MAX_PIXELS:
        raise VerificationError(
            "format.oversized", format=name.lower(), detail=f"more than {MAX_PIXELS} pixels or {MAX_FRAMES} frames"
        )
    return image


@contextlib.contextmanager
def _foreign(name: str) -> Iterator[None]:
    """What the library raises for foreign bytes, as one refusal."""
    from PIL import Image as Pil

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except AnswerableError:
        raise
    except Pil.DecompressionBombError:
        raise VerificationError("format.oversized", format=name.lower(), detail="too many pixels") from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, KeyError, TypeError, IndexError, AttributeError,
            OverflowError, MemoryError, ZeroDivisionError) as error:  # fmt: skip
        detail = f"it cannot be read or written again ({type(error).__name__})"
        raise VerificationError("format.malformed", format=name.lower(), detail=detail) from None
