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
from answerable.labels.rules.hidden import Hidden, Why

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
# Elements without an end.
_VOID: Final = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"))
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_UNSHOWN = re.compile(
    r"(?:\A|;)\s*+(?:display\s*+:\s*+none|visibility\s*+:\s*+(?:hidden|collapse)"
    r"|(?:opacity|font-size)\s*+:\s*+\+?(?:0++(?:\.0*+)?+|\.0++)(?:%|px|pt|em|rem)?)\s*+(?:!|;|\Z)",
    re.I,
)
# A longer one is not looked at, and taken for one that hides.
_MAX_STYLE: Final = 10_000


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
            return _page(text)
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
    """said: what is read; hidden: what stands in elements that say themselves that they are not shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.hidden: list[str] = []
        self._inside = ""
        self._depth = 0
        self._marked = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._inside:
            self._depth += tag == self._inside
        elif tag in _HIDDEN or (tag not in _VOID and _marked(attrs)):
            self._inside, self._depth, self._marked = tag, 1, tag not in _HIDDEN
        else:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._depth -= 1
            if not self._depth:
                self._inside = ""

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.said.append(data)
        elif self._marked:
            self.hidden.append(data)


def _marked(attributes: list[tuple[str, str | None]]) -> bool:
    """Whether an element says itself that it is not shown. A name counts the first time, as browsers have it."""
    own = dict(reversed(attributes))
    style = own.get("style") or ""
    if "hidden" in own or len(style) > _MAX_STYLE:
        return True
    return _UNSHOWN.search(_COMMENT.sub("", style)) is not None


def _page(text: str) -> Text:
    words = _Words()
    try:
        words.feed(text)
        words.close()
    except (AssertionError, ValueError) as error:
        raise VerificationError("format.malformed", format="html", detail=type(error).__name__) from None
    said = "\n".join(line for each in "".join(words.said).splitlines() if (line := " ".join(each.split())))
    apart = tuple(Hidden(line, Why.HIDDEN) for each in words.hidden if (line := " ".join(each.split())))
    return Text(said, None, apart)


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
