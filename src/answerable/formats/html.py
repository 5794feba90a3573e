# SPDX-License-Identifier: Apache-2.0
"""HTML (WHATWG, "Parsing HTML documents", as far as the head goes): the AIGC object as `<meta name="AIGC">` at the
end of the head, so that a declaration of the encoding stays within the first 1024 bytes. All else stays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import BinaryIO, Final

from answerable.formats.carrier import MAX_FOUND, MAX_TEXT, Carried
from answerable.formats.splice import Edit, Source
from answerable.formats.streams import malformed, oversized, rewrite, unsupported, upto

MAX_HEAD: Final = 2_097_152
_MARGIN: Final = 4_096

_ASIDE = re.compile(r"<!--(?:-?>|.*?--!?>|.*)|<(?:[!?]|/(?![A-Za-z]))[^>]*>?", re.S)
_COMMENT_END: Final = ("-->", "--!>", "<!-->", "<!--->")
_QUOTES: Final = ('"', "'")
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*+)", re.A)
# A quotation mark alone is one that nothing closes.
_ATTRIBUTE = re.compile(
    r"""[\s/]*+(=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|["']|[^\s>"'][^\s>]*+))?""", re.A
)
_CLOSE = re.compile(r"[^>]*+>")
# What nearly every tag looks like, of one piece: its name, its attributes. What differs is read attribute by attribute.
_USUAL = re.compile(
    r"""<([A-Za-z][^\s/>]*+)((?:[\s/]++[^\s/>="'<]++(?:=(?:"[^"]*+"|'[^']*+'|[^\s"'>=<`][^\s>]*+))?)*+)[\s/]*+>""", re.A
)
_CHARSET = re.compile(rb"""charset\s{0,16}=\s{0,16}["']?\s{0,16}([A-Za-z0-9._:-]{1,40})""", re.I)
_WIDE: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
# What may stand in a head (section 13.2.6.4.4); those whose content is text, not tags.
_IN_HEAD: Final = frozenset(("base", "basefont", "bgsound", "link", "meta", "html", "head"))
_RAW: Final = frozenset(("title", "style", "script", "noscript", "noframes", "template"))
# Encodings in which the bytes of ASCII may stand for something else.
_SHIFTED: Final = (b"iso-2022", b"utf-7", b"hz-gb", b"utf-16", b"utf-32")


@dataclass(frozen=True, slots=True)
class _Head:
    """metas: (start, end, content) of each with our name; end: where the head ends; open: the
    file ends within a tag, a comment or an element of text; offsets count characters of `text`."""

    text: str
    encoding: str
    metas: list[tuple[int, int, str]]
    end: int
    open: bool

    def offset(self, at: int) -> int:
        """The byte of a character."""
        return at if self.encoding == "latin-1" else len(self.text[:at].encode(self.encoding, "surrogatepass"))


class Html:
    """`formats.carrier.Carrier` of HTML."""

    name = "html"
    media = "text/html"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        head = _head(Source(source, self.name))
        found: list[Carried] = []
        for _, _, content in head.metas[:MAX_FOUND]:
            if len(content) > MAX_TEXT:
                oversized(self.name, f"an AIGC object longer than {MAX_TEXT} characters")
            found.append(Carried("meta AIGC", _utf8(content, head.encoding)))
        return tuple(found)

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        file = Source(source, self.name)
        first = upto(file, 0, 1024)
        head = _head(file)
        if head.open:
            malformed(self.name, "its head is cut off")
        if head.encoding == "latin-1" and (said := _CHARSET.search(first)) and said[1].lower().startswith(_SHIFTED):
            unsupported(self.name, "it is in an encoding that shifts the meaning of ASCII bytes")
        # Between apostrophes JSON's many quotation marks need no escape.
        content = escape(text, quote=False).replace("'", "&#39;")
        new = f"<meta name=\"AIGC\" content='{content}'>"
        edits = [Edit(head.offset(start), head.offset(end)) for start, end, _ in head.metas[1:]]
        if head.metas:
            start, end, _ = head.metas[0]
        else:
            start = end = head.end
            at = head.offset(start)
            if _CHARSET.search(first, at) is not None and _CHARSET.search(first, 0, at) is None:
                unsupported(self.name, "it declares its encoding behind the head, where a label would push it away")
        edits.append(Edit(head.offset(start), head.offset(end), new.encode(_of_mark(head.encoding))))
        rewrite(file, target, edits)


def _of_mark(encoding: str) -> str:
    return "ascii" if encoding == "latin-1" else encoding


def _head(file: Source) -> _Head:
    """Reads up to where the head ends, said or not. Raises VerificationError ``format.oversized`` for a head that has
    not ended after `MAX_HEAD` bytes."""
    for window in (MAX_HEAD // 64, MAX_HEAD):
        data = upto(file, 0, window)
        encoding = _WIDE.get(data[:2], "latin-1")
        text = data if encoding == "latin-1" else data[: len(data) // 2 * 2]
        scan = _Scan(text.decode(encoding, "surrogatepass"))
        end = scan.run()
        # What is cut near the end of the window may seem to be a tag that ends the head.
        if len(data) == file.size or len(scan.text) - end >= _MARGIN:
            return _Head(scan.text, encoding, scan.metas, end, scan.open)
    return oversized(file.name, f"a head longer than {MAX_HEAD} bytes")


class _Scan:
    """One pass over a head. metas, open: as in `_Head`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.metas: list[tuple[int, int, str]] = []
        self.open = False

    def run(self) -> int:
        """Where the head ends."""
        text, at = self.text, 0
        if text.startswith("\ufeff"):
            at = 1
        elif text.startswith("\xef\xbb\xbf"):
            at = 3
        while at < len(text):
            if text[at] in " \t\n\r\f":
                at += 1
            elif (aside := _ASIDE.match(text, at)) is not None:
                at = aside.end()
                ended = _COMMENT_END if aside[0].startswith("<!--") else (">",)
                self.open = at == len(text) and not aside[0].endswith(ended)
            elif (tag := _TAG.match(text, at)) is not None:
                after = self._tag(tag)
                if after < 0:
                    return at
                at = after
            else:
                return at
        return at

    def _tag(self, tag: re.Match[str]) -> int:
        """Behind a tag that belongs to the head, and its content; -1 for one that ends it."""
        name = tag[2].lower()
        if tag[1]:
            if name in ("head", "body", "html", "br"):
                return -1
        elif name not in _IN_HEAD and name not in _RAW:
            return -1
        usual = _USUAL.match(self.text, tag.start())
        if usual is not None and usual[1] == tag[2] and not _maybe_ours(name, usual[2]):
            return self._raw(name, usual.end()) if name in _RAW else usual.end()
        attributes: dict[str, str] = {}
        at = tag.end()
        while (match := _ATTRIBUTE.match(self.text, at)) is not None:
            value = match[2] or ""
            if value in _QUOTES:
                return self._cut()
            attributes.setdefault(match[1].lower(), value[1:-1] if value[:1] in _QUOTES else value)
            at = match.end()
        close = _CLOSE.match(self.text, at)
        if close is None:
            return self._cut()
        at = close.end()
        if tag[1]:
            return at
        if name in _RAW:
            return self._raw(name, at)
        named = attributes.get("name", attributes.get("property", ""))
        if name == "meta" and unescape(named).strip().lower() == "aigc":
            self.metas.append((tag.start(), at, unescape(attributes.get("content", ""))))
        return at

    def _raw(self, name: str, at: int) -> int:
        """Behind the end tag of an element whose content is text."""
        end = re.compile(f"</{name}(?=[\\s/>])", re.I).search(self.text, at)
        close = _CLOSE.match(self.text, end.end()) if end else None
        return close.end() if close else self._cut()

    def _cut(self) -> int:
        self.open = True
        return len(self.text)


def _maybe_ours(name: str, attributes: str) -> bool:
    """Whether a tag may be a `<meta>` of ours; a name may stand there in character references."""
    return name == "meta" and ("&" in attributes or "aigc" in attributes.lower())


def _utf8(content: str, encoding: str) -> bytes:
    """The bytes as they stand in a file of 8 bits a character; character references are Unicode."""
    if encoding == "latin-1":
        try:
            return content.strip().encode("latin-1")
        except UnicodeEncodeError:
            pass
    return content.strip().encode("utf-8", "replace")
