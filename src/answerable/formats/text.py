# SPDX-License-Identifier: Apache-2.0
"""Which kind of text a file is: HTML by what it begins with, Markdown by its front matter or by marks of at least two
kinds (CommonMark 0.31), plain text otherwise."""

from __future__ import annotations

import re
from typing import BinaryIO, Final

from answerable.errors import VerificationError
from answerable.formats.carrier import Carrier

# What is looked at.
HEAD: Final = 65_536

_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_HTML = re.compile(r"(?:\s++|<!--.*?-->|<\?xml[^>]*>)*+<(?:!doctype\s+html|html|head|body|meta|title)\b", re.I | re.S)
_XML = re.compile(r"\s*<(?:\?xml|!doctype|svg)\b", re.I)
_FRONT = re.compile(r"---[ \t]*\r?\n(?:.*\n)??(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S)
_MARKS: Final = (
    re.compile(r"^#{1,6} \S", re.M),
    re.compile(r"^(?:```|~~~)", re.M),
    re.compile(r"^[-*+] \S|^[0-9]{1,3}[.)] \S", re.M),
    re.compile(r"^> \S", re.M),
    re.compile(r"\*\*\S[^\n]{0,200}?\*\*|`[^`\n]{1,200}`"),
    re.compile(r"\[[^\]\n]{1,200}\]\([^)\n]{1,500}\)"),
    re.compile(r"^\|? ?:?-{3,}:? ?\|", re.M),
)
_WIDE: Final = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def decoded(head: bytes) -> str | None:
    """The text that `head`, the beginning of a file, holds: UTF-8, UTF-16 with its mark, or GB 18030, which Chinese
    systems write; None for no text."""
    for mark, encoding in _WIDE:
        if head.startswith(mark):
            text = head[: len(head) // 2 * 2].decode(encoding, "replace").lstrip("\ufeff")
            return None if _NO_TEXT.search(text) or "\ufffd" in text[:-1] else text
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return _whole(head, encoding)
        except UnicodeDecodeError as error:
            # What is cut at the end of the head may be half a character.
            if len(head) == HEAD and error.start >= HEAD - 4:
                return _whole(head[: error.start], encoding)
    return None


def of(source: BinaryIO) -> Carrier:
    """The carrier for text. Raises VerificationError ``format.unknown`` for what is no text, and for XML."""
    from answerable.formats.html import Html
    from answerable.formats.markdown import Markdown
    from answerable.formats.plain import Plain

    source.seek(0)
    head = source.read(HEAD)
    if not head:
        raise VerificationError("format.unknown")
    text = decoded(head)
    if text is None:
        # A page in another encoding of 8 bits is a page.
        if b"\x00" not in head and _HTML.match(head.decode("latin-1")):
            return Html()
        raise VerificationError("format.unknown")
    if _HTML.match(text):
        return Html()
    if _XML.match(text):
        raise VerificationError("format.unknown")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Plain()
    marked = _FRONT.match(text) is not None or sum(mark.search(text) is not None for mark in _MARKS) > 1
    return Markdown() if marked else Plain()


def _whole(head: bytes, encoding: str) -> str | None:
    text = head.decode(encoding)
    return None if _NO_TEXT.search(text) else text
