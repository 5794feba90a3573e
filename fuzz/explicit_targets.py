# SPDX-License-Identifier: Apache-2.0
"""Files of strangers that are to carry an explicit label: bytes laid over small whole ones. The first byte chooses
the file, the next two the place. What comes out is measured by the code itself: only an error not ours is a finding."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from io import BytesIO
from typing import Final

from answerable.formats.splice import Source
from answerable.formats.zips import Archive
from answerable.labels.explicit import render
from answerable.labels.explicit.office import KINDS
from answerable.labels.explicit.plan import Corner, Plan, Where
from answerable.labels.rules.text_of import text_of
from tests.small_media import picture
from tests.small_sounds import sound
from tests.small_videos import video

_PICTURES: Final = ("PNG", "JPEG", "WEBP", "GIF", "TIFF")
_SOUNDS: Final = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "opus": "audio/ogg",
}
_VIDEOS: Final = {"mp4": "video/mp4", "avi": "video/x-msvideo", "mkv": "video/x-matroska"}
_PART: Final = re.compile(
    r"word/(?:document|styles)\.xml|ppt/(?:presentation|slides/slide1)\.xml|xl/(?:workbook|worksheets/sheet1)\.xml"
    r"|(?:word/|ppt/|xl/)?_rels/[^/]+\.rels"
)


@functools.cache
def _pictures() -> tuple[tuple[bytes, str], ...]:
    return tuple((picture(form, (96, 64)), f"image/{form.lower()}") for form in _PICTURES)


@functools.cache
def _sounds() -> tuple[tuple[bytes, str], ...]:
    return tuple((sound(form, seconds=0.2).getvalue(), media) for form, media in _SOUNDS.items())


@functools.cache
def _videos() -> tuple[tuple[bytes, str], ...]:
    return tuple((video(form, seconds=0.3, size=(96, 64)).getvalue(), media) for form, media in _VIDEOS.items())


@functools.cache
def _documents() -> tuple[tuple[bytes, str], ...]:
    from docx import Document
    from openpyxl import Workbook
    from pptx import Presentation
    from pypdf import PdfWriter

    show = Presentation()
    show.slides.add_slide(show.slide_layouts[6])
    writer = PdfWriter()
    writer.add_blank_page(200, 100)
    kind = "application/vnd.openxmlformats-officedocument."
    made = []
    for save, media in (
        (Document().save, kind + "wordprocessingml.document"),
        (Workbook().save, kind + "spreadsheetml.sheet"),
        (show.save, kind + "presentationml.presentation"),
        (writer.write, "application/pdf"),
    ):
        out = BytesIO()
        save(out)
        made.append((out.getvalue(), media))
    return tuple(made)


def _texts(data: bytes) -> None:
    for format in ("plain", "markdown", "html"):
        text_of(BytesIO(data), format)
    for media in ("text/plain", "text/markdown", "text/html"):
        render(BytesIO(data), BytesIO(), media, Plan(where=tuple(Where)[len(data) % 3]))


@functools.cache
def _labelled() -> tuple[tuple[bytes, str], ...]:
    made = []
    for data, media in _documents():
        out = BytesIO()
        render(BytesIO(data), out, media, Plan("both"))
        made.append((out.getvalue(), KINDS.get(media, "pdf")))
    return tuple(made)


def _seen(data: bytes) -> None:
    """What is seen of a document with words: bytes laid over a PDF, or over the part of an Office file that has the
    words."""
    whole, format = _labelled()[data[0] % 4 if data else 0]
    at, piece = int.from_bytes(data[1:3]), data[3:]
    if format == "pdf":
        changed = bytearray(whole)
        changed[at % len(whole) : at % len(whole) + len(piece)] = piece
        text_of(BytesIO(bytes(changed)), format)
        return
    archive, out = Archive(Source(BytesIO(whole), format)), BytesIO()
    parts = [each for each in archive.members if _PART.fullmatch(each.name)]
    member = parts[at % len(parts)]
    content = archive.content(member)
    at %= len(content)
    archive.write(out, {member.name: content[:at] + piece + content[at + len(data) % 2 * len(piece) :]})
    text_of(out, format)


def _over(seeds: Callable[[], tuple[tuple[bytes, str], ...]]) -> Callable[[bytes], object]:
    def target(data: bytes) -> None:
        files = seeds()
        whole, media = files[data[0] % len(files)] if data else files[0]
        changed, at = bytearray(whole), int.from_bytes(data[1:3]) % len(whole)
        changed[at : at + len(data[3:])] = data[3:]
        plan = Plan(corner=tuple(Corner)[len(data) % 8], where=tuple(Where)[len(data) % 3])
        render(BytesIO(changed), BytesIO(), media, plan)

    return target


# Each input of these decodes and codes a file twice: a few are run by the tests, the rest by `make fuzz`.
SLOW: Final = frozenset(("explicit_sound", "explicit_video"))
EXPLICIT_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {
    "explicit_picture": _over(_pictures),
    "explicit_sound": _over(_sounds),
    "explicit_video": _over(_videos),
    "explicit_document": _over(_documents),
    "explicit_text": _texts,
    "explicit_seen": _seen,
}
