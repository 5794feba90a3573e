# SPDX-License-Identifier: Apache-2.0
"""The words that people read in a file of text, as far as its label is concerned: whole for text, Markdown, HTML and
Word documents; of slides, sheets and pages what is text, without their pictures. Words that stand in a document and
cannot be told to be seen are kept apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import BinaryIO, Final

from answerable.errors import VerificationError
from answerable.formats.splice import Source
from answerable.formats.zips import Archive
from answerable.labels.files import size
from answerable.labels.rules import page_words, sheet_words, slide_words, word_words
from answerable.labels.rules.hidden import Hidden

MAX_TEXT: Final = 64 << 20
MAX_PDF: Final = 64 << 20
_FRONT = re.compile(r"---[ \t]*\r?\n(?:.*\n)??(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S)
# Said of those in which a label may as well be a picture.
PICTURES: Final = (
    "no words were found in its text; words in pictures are not read",
    "其文本中未发现文字提示；图像中的文字不予识别",
)
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HIDDEN: Final = frozenset(("head", "script", "style", "template", "noscript", "title"))


@dataclass(frozen=True, slots=True)
class Text:
    """said: what was read; partial: what was left out and why, in both languages, None where nothing was; hidden: words
    that are not counted."""

    said: str
    partial: tuple[str, str] | None = None
    hidden: tuple[Hidden, ...] = ()


def text_of(file: BinaryIO, format: str) -> Text:
    """Raises VerificationError ``format.malformed|oversized`` for what cannot be read, Unavailable ``label.extra``."""
    if format in ("plain", "markdown", "html"):
        if size(file) > MAX_TEXT:
            raise VerificationError("format.oversized", format=format, detail=f"longer than {MAX_TEXT} bytes")
        file.seek(0)
        text = _decoded(file.read())
        if format == "html":
            return Text(_page(text))
        front = _FRONT.match(text) if format == "markdown" else None
        return Text(text[front.end() :] if front else text)
    if format in ("docx", "pptx", "xlsx"):
        return _office(Archive(Source(file, format)), format)
    if format == "pdf":
        return _pdf(file)
    raise VerificationError("format.unsupported", format=format, detail="its words are not read here")


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._inside and tag in _HIDDEN:
            self._inside = tag
        elif not self._inside:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.said.append(data)


def _page(text: str) -> str:
    words = _Words()
    try:
        words.feed(text)
        words.close()
    except (AssertionError, ValueError) as error:
        raise VerificationError("format.malformed", format="html", detail=type(error).__name__) from None
    return "\n".join(line for each in "".join(words.said).splitlines() if (line := " ".join(each.split())))


def _office(archive: Archive, format: str) -> Text:
    if format == "docx":
        said, hidden = word_words.words(archive)
        return Text(said, None, hidden)
    said, hidden = (slide_words if format == "pptx" else sheet_words).words(archive)
    return Text(said, PICTURES, hidden)


def _pdf(file: BinaryIO) -> Text:
    if size(file) > MAX_PDF:
        raise VerificationError("format.oversized", format="pdf", detail=f"longer than {MAX_PDF} bytes")
    file.seek(0)
    said, hidden = page_words.words(file.read())
    return Text(said, PICTURES, hidden)
