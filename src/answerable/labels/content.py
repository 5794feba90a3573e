# SPDX-License-Identifier: Apache-2.0
"""What a file shows, plays or says, whatever stands around it: a digest that stays the same when only metadata, the
container or a lossless coding changes.

Pictures: the pixels of every frame; sound: the samples; video: the coded pictures and sounds as they stand in the
container; text, HTML, Markdown and Office documents: the words. A PDF has none: its words stand in fonts and places.
"""

from __future__ import annotations

import html
import re
import zipfile
from contextlib import suppress
from hashlib import sha256
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from answerable.errors import AnswerableError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TEXT: Final = 16 << 20
MAX_FRAMES: Final = 2_000
MAX_PIXELS: Final = 500_000_000
_TEXTS: Final = frozenset({"plain", "markdown", "html", "docx", "xlsx", "pptx"})
_PARTS: Final = re.compile(r"word/document\.xml|ppt/slides/slide[0-9]+\.xml|xl/sharedStrings\.xml")
# Runs of text, and what ends a paragraph, a cell or a line.
_RUNS: Final = re.compile(rb"<(?:w:|a:)?t(?:\s[^>]*)?>([^<]*)</|(</(?:w:p|a:p|si)>)")
_FRONT: Final = re.compile(r"\A---[ \t]*\r?\n(?:.*?\n)??(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S)
_WIDE: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def digest(source: BinaryIO, format: str, media: str) -> bytes:
    """SHA-256 of what the file shows, plays or says, b"" for a format that tells none. Raises VerificationError
    ``format.malformed|oversized``, Unavailable ``label.extra``."""
    if format in _TEXTS:
        words = " ".join(text(source, format).split())
        return sha256(b"text\x00" + words.encode("utf-8", "surrogatepass")).digest() if words else b""
    medium = media.partition("/")[0]
    if medium == "image":
        return _pixels(source)
    if medium == "audio":
        return _sound(source)
    return _streams(source) if medium == "video" else b""


def text(source: BinaryIO, format: str) -> str:
    """The words of a file of text, "" for another format. Raises VerificationError ``format.malformed|oversized``."""
    if format not in _TEXTS:
        return ""
    source.seek(0)
    if format in ("docx", "xlsx", "pptx"):
        return "".join(_office(source))
    data = source.read(MAX_TEXT + 1)
    if len(data) > MAX_TEXT:
        raise _too_much()
    said = _decoded(data)
    if format == "html":
        parser = _Words()
        parser.feed(said)
        parser.close()
        return "".join(parser.found)
    return _FRONT.sub("", said, count=1) if format == "markdown" else said


def _decoded(data: bytes) -> str:
    """Without loss, whatever the encoding: two texts of which nothing can be read are not the same text."""
    if (wide := _WIDE.get(data[:2])) is not None:
        return data[2:].decode(wide, "surrogatepass" if len(data) % 2 == 0 else "replace")
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    return data.decode("latin-1")


def _office(source: BinaryIO) -> Iterator[str]:
    try:
        with zipfile.ZipFile(source) as archive:
            left = MAX_TEXT
            for name in sorted(archive.namelist()):
                if _PARTS.fullmatch(name):
                    with archive.open(name) as part:
                        data = part.read(left + 1)
                    left -= len(data)
                    if left < 0:
                        raise _too_much()
                    for run, end in _RUNS.findall(data):
                        yield "\n" if end else html.unescape(run.decode("utf-8", "replace"))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError) as error:
        raise VerificationError("format.malformed", format="Office", detail=type(error).__name__) from None


class _Words(HTMLParser):
    """What a browser shows of a page, without its layout."""

    _HIDDEN: Final = frozenset({"script", "style", "template", "noscript", "title"})
    _INLINE: Final = frozenset({"a", "abbr", "b", "code", "em", "i", "mark", "s", "small", "span", "strong", "sub"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self._HIDDEN
        self._end(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        self._end(tag)

    def _end(self, tag: str) -> None:
        if tag not in self._INLINE:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(data)


def _pixels(source: BinaryIO) -> bytes:
    from answerable.labels.fingerprint.decoding import picture

    hashed, left = sha256(b"pixels\x00"), MAX_PIXELS
    image = picture(source)  # says so where Pillow is not there, so it comes before the import
    from PIL import ImageSequence

    try:
        for number, frame in enumerate(ImageSequence.Iterator(image)):
            left -= frame.width * frame.height
            if number >= MAX_FRAMES or left < 0:
                raise VerificationError("format.oversized", format="picture", detail=f"{MAX_FRAMES} frames")
            shown: Any = frame if frame.mode.startswith(("I", "F")) else frame.convert("RGBA")
            hashed.update(f"{shown.mode} {shown.width} {shown.height}\n".encode())
            hashed.update(shown.tobytes())
    except AnswerableError:
        raise
    except Exception as error:  # noqa: BLE001  foreign bytes make the library raise almost anything
        raise VerificationError("format.malformed", format="picture", detail=type(error).__name__) from None
    return hashed.digest()


def _sound(source: BinaryIO) -> bytes:
    from answerable.labels.fingerprint.decoding import samples

    hashed, form = sha256(b"samples\x00"), ""
    for rate, channels, piece in samples(source):
        now = f"{rate} {channels} {piece.dtype}\n"
        if now != form:
            hashed.update(now.encode())
            form = now
        hashed.update(piece.tobytes())
    return hashed.digest() if form else b""


def _streams(source: BinaryIO) -> bytes:
    from answerable.labels.fingerprint.decoding import packets

    streams: dict[int, Any] = {}
    for number, codec, data in packets(source):
        if number not in streams:
            streams[number] = sha256(f"{codec}\n".encode())
        streams[number].update(data)
    if not streams:
        return b""
    return sha256(b"streams\x00" + b"".join(sorted(each.digest() for each in streams.values()))).digest()


def _too_much() -> VerificationError:
    return VerificationError("format.oversized", format="text", detail=f"more than {MAX_TEXT} bytes of text")
