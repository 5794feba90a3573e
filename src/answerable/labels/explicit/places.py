# SPDX-License-Identifier: Apache-2.0
"""Where words go in a text (GB 45438-2025 section 5.1), by bytes: at its start, its end, or the blank line next to its
middle; in Markdown not in its front matter or a block of code, in HTML in the body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

from answerable.errors import Refused, VerificationError
from answerable.labels.explicit.plan import Plan, Where

# Longer texts are labelled at both ends alone; a page's body begins within as much.
MAX_LOOK: Final = 16_777_216
_FRONT = re.compile(r"---[ \t]*\r?\n(?:.*\n)??(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
# What may come before a body (WHATWG HTML section 13.2.6.4).
_RAW_HEAD: Final = frozenset(("title", "style", "script", "noscript", "template", "noframes"))
_BEFORE_BODY: Final = _RAW_HEAD | {"html", "head", "meta", "link", "base", "basefont", "bgsound"}


@dataclass(frozen=True, slots=True)
class Insert:
    """at: the byte before which `data` goes; where: in words; stands: it is there already, in a paragraph of its
    own."""

    at: int
    data: bytes
    where: str
    stands: bool = False


def plain(data: bytes, plan: Plan, *, markdown: bool) -> Insert:
    """Raises Refused ``label.explicit`` for a text without a fitting middle where one is asked for, VerificationError
    ``format.malformed`` for what ends in half a character."""
    mark, encoding = _encoding(data)
    try:
        text = data[mark:].decode(encoding)
    except UnicodeDecodeError:
        raise VerificationError("format.malformed", format="text", detail=f"it is not {encoding} throughout") from None
    line = "\r\n" if "\r\n" in text[:65_536] else "\n"
    front = _FRONT.match(text) if markdown else None
    begin = front.end() if front else 0
    stands = False
    if plan.where == Where.START:
        place, words = begin, plan.text + line * 2
        stands = text[begin:].lstrip().startswith(words)
    elif plan.where == Where.END:
        place, words = len(text), _gap(text, line) + plan.text + line
        stands = text.rstrip().endswith(line * 2 + plan.text)
    else:
        place, words = _middle(text, begin, markdown=markdown), plan.text + line * 2
    return Insert(mark + len(text[:place].encode(encoding)), words.encode(encoding), str(plan.where), stands)


def page(data: bytes, plan: Plan) -> Insert:
    """A paragraph in the body of an HTML page. Raises Refused ``label.explicit`` for its middle, which only its author
    knows, VerificationError ``format.malformed`` for a page without a place for it."""
    if plan.where == Where.MIDDLE:
        raise Refused("label.explicit", detail="in the middle of a page nobody but its author knows a place")
    mark, encoding = _encoding(data, page=True)
    text = data[mark:].decode(encoding)
    words = plan.text if encoding != "latin-1" else "".join(c if c.isascii() else f"&#{ord(c)};" for c in plan.text)
    language = {"zh": "zh", "en": "en"}.get(plan.language, "zh")
    new = f'<p class="ai-label" role="note" lang="{language}">{words}</p>'
    scan = _Body(text)
    place = scan.start if plan.where == Where.START else scan.end
    if place < 0:
        raise VerificationError("format.malformed", format="html", detail="it has no place for a first paragraph")
    stands = text.startswith(new, place) if plan.where == Where.START else text.endswith(new, 0, place)
    return Insert(mark + len(text[:place].encode(encoding)), new.encode(encoding), f"{plan.where} of the body", stands)


def _encoding(data: bytes, *, page: bool = False) -> tuple[int, str]:
    """Bytes of a byte order mark, and the encoding. A page of 8 bits is read as Latin-1, since only ASCII is
    written."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return len(mark), encoding
    for encoding in ("utf-8",) if page else ("utf-8", "gb18030"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return 0, encoding
    if page:
        return 0, "latin-1"
    raise VerificationError("format.malformed", format="text", detail="it is in no encoding that is known here")


def _gap(text: str, line: str) -> str:
    """What makes the words at the end a paragraph of their own."""
    if not text.strip():
        return ""
    ends = len(text) - len(text.rstrip("\r\n"))
    breaks = text[len(text) - ends :].count("\n")
    return line * max(2 - breaks, 0)


def _middle(text: str, begin: int, *, markdown: bool) -> int:
    """Behind the blank line that is next to the middle."""
    if len(text) > MAX_LOOK:
        raise Refused("label.explicit", detail=f"a text longer than {MAX_LOOK} characters has no middle to look for")
    aim, best, at, fence, blank = (begin + len(text)) // 2, -1, 0, "", False
    for row in text.splitlines(keepends=True):
        mark = _FENCE.match(row) if markdown else None
        if blank and not fence and row.strip() and at > begin and abs(at - aim) < abs(best - aim or aim):
            best = at
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        blank = not row.strip()
        at += len(row)
    if best < 0:
        raise Refused("label.explicit", detail="it is one paragraph, which has no fitting middle")
    return best


class _Body(HTMLParser):
    """start: behind the body's start tag, or before the first thing that belongs in it; end: before its end tag, or the
    end of the text; -1 where there is no such place."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.start = self.end = -1
        self._lines = [0]
        for match in re.finditer("\n", text):
            self._lines.append(match.end())
        self._inside = ""
        if len(text) > MAX_LOOK:
            raise VerificationError("format.oversized", format="html", detail=f"longer than {MAX_LOOK} characters")
        self.feed(text)
        self.close()
        if self.end < 0:
            self.end = len(text) if not self._inside else -1

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.start >= 0 or self._inside:
            return
        if tag == "body":
            self.start = self._at() + len(self.get_starttag_text() or "")
        elif tag not in _BEFORE_BODY:
            self.start = self._at()
        elif tag in _RAW_HEAD:
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""
        elif tag == "body" and not self._inside:
            self.end = self._at()

    def handle_data(self, data: str) -> None:
        if self.start < 0 and not self._inside and data.strip():
            self.start = self._at() + len(data) - len(data.lstrip())
