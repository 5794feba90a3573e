# SPDX-License-Identifier: Apache-2.0
"""The words that people read in a file of text, as far as its label is concerned: whole for text, Markdown, HTML and
Word documents; of slides, sheets and pages what is text, without their pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, BinaryIO, Final

from answerable.errors import Unavailable, VerificationError
from answerable.formats.splice import Source
from answerable.formats.zips import Archive
from answerable.labels.explicit.office_xml import elements
from answerable.labels.files import size

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
_EDGES = re.compile(r"word/(?:header|footer)\d*\.xml\Z", re.I)
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml\Z", re.I)
_SLIDE = re.compile(r"ppt/slides/[^/]+\.xml\Z", re.I)


@dataclass(frozen=True, slots=True)
class Text:
    """said: what was read; partial: what was left out and why, in both languages, None where nothing was."""

    said: str
    partial: tuple[str, str] | None = None


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
        parts = [_part(archive, "word/document.xml")]
        parts += [archive.content(member) for member in archive.members if _EDGES.match(member.name)]
        # Headers and footers stand on every page, hence at its start and its end.
        return Text("\n".join(line for part in (*parts[1:], *parts) for line in _paragraphs(part)))
    if format == "pptx":
        # The order of slides is in another part; words on any of them are told, and of others nothing is said.
        slides = [member for member in archive.members if _SLIDE.match(member.name)]
        said = [line for member in slides for line in _paragraphs(archive.content(member))]
        return Text("\n".join(said), PICTURES)
    said = []
    for member in archive.members:
        if _SHEET.match(member.name):
            headers = [x.text for x in elements(archive.content(member)) if x.name in ("oddHeader", "oddFooter")]
            said += [re.sub(r"&(?:[LCR]|\"[^\"]*\"|\d+)", "\n", each) for each in headers]
    shared = archive.find("xl/sharedStrings.xml")
    if shared is not None:
        said += [x.text for x in elements(archive.content(shared)) if x.name == "si"]
    return Text("\n".join(said), PICTURES)


def _paragraphs(data: bytes) -> list[str]:
    return [each.text for each in elements(data) if each.name == "p" and each.text.strip()]


def _part(archive: Archive, name: str) -> bytes:
    member = archive.find(name)
    if member is None:
        raise VerificationError("format.malformed", format=archive.file.name, detail="a part that it needs is missing")
    return archive.content(member)


def _pdf(file: BinaryIO) -> Text:
    try:
        import pypdf
    except ImportError:
        raise Unavailable("label.extra", extra="pdf") from None
    if size(file) > MAX_PDF:
        raise VerificationError("format.oversized", format="pdf", detail=f"longer than {MAX_PDF} bytes")
    file.seek(0)
    try:
        pages: Any = pypdf.PdfReader(file).pages
        count = len(pages)
        said = [pages[number].extract_text() for number in sorted({0, (count - 1) // 2, count - 1})] if count else []
    except Exception as error:  # noqa: BLE001  foreign bytes make the library raise almost anything
        raise VerificationError("format.malformed", format="pdf", detail=type(error).__name__) from None
    return Text("\n".join(said), PICTURES)
