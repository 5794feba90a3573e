# SPDX-License-Identifier: Apache-2.0
"""Markdown: the AIGC object as member `AIGC` of the YAML front matter, a flow mapping on one line, which is JSON
(YAML 1.2 section 7.4). Read too: the block mappings, quoted texts and block texts that other writers put there."""

from __future__ import annotations

import json
import re
from typing import BinaryIO, Final

from answerable.formats.carrier import MAX_FOUND, MAX_TEXT, Carried
from answerable.formats.splice import Edit, Source
from answerable.formats.streams import oversized, rewrite, unsupported, upto

MAX_FRONT: Final = 1_048_576

_OPEN = re.compile(rb"---[ \t]*(\r?\n)")
_CLOSE = re.compile(rb"^(?:---|\.\.\.)[ \t]*\r?$", re.M)
# A member at the margin, and the lines that go on with it: deeper ones, empty ones, comments.
_MEMBER = re.compile(
    rb"""^(?:AIGC|"AIGC"|'AIGC')[ \t]*:(?=[ \t\r\n])[ \t]*(?P<first>[^\n]*)\n
    (?P<rest>(?:[ \t][^\n]*\n|\r?\n|\#[^\n]*\n|[}\]][^\n]*\n)*)""",
    re.M | re.X,
)
_SINGLE = re.compile(r"'((?:[^']|'')*+)'")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_PAIR = re.compile(r"[ \t]+([A-Za-z0-9_]{1,40}|\"[A-Za-z0-9_]{1,40}\"|'[A-Za-z0-9_]{1,40}')[ \t]*:(?:[ \t]+(.*))?\s*\Z")


class Markdown:
    """`formats.carrier.Carrier` of Markdown."""

    name = "markdown"
    media = "text/markdown"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        front = _front(Source(source, self.name))
        if front is None:
            return ()
        values = [_value(match) for match in _MEMBER.finditer(front[1])]
        return tuple(Carried("front matter AIGC", value) for value in values if value)[:MAX_FOUND]

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        file = Source(source, self.name)
        head = upto(file, 0, 4096)
        bom = 3 if head.startswith(b"\xef\xbb\xbf") else 0
        if head[bom : bom + 3] in (b"+++", b";;;") or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            unsupported(self.name, "its front matter is not YAML in UTF-8")
        line = b"\r\n" if b"\r\n" in head else b"\n"
        member = b"AIGC: " + text.encode("ascii") + line
        front = _front(file)
        if front is None:
            fence = b"---" + line
            edits = [Edit(bom, bom, fence + member + fence + line)]
        else:
            start, data = front
            old = list(_MEMBER.finditer(data))
            edits = [Edit(start + match.start(), start + match.end()) for match in old[1:]]
            at, end = (old[0].start(), old[0].end()) if old else (len(data), len(data))
            edits.append(Edit(start + at, start + end, member))
        rewrite(file, target, edits)


def _front(file: Source) -> tuple[int, bytes] | None:
    """(offset, lines) of the front matter without its fences; None where the file does not begin with it. Raises
    VerificationError ``format.oversized`` for one that has not ended after `MAX_FRONT` bytes."""
    head = upto(file, 0, MAX_FRONT)
    opened = _OPEN.match(head, 3 if head.startswith(b"\xef\xbb\xbf") else 0)
    if opened is None:
        return None
    closed = _CLOSE.search(head, opened.end())
    if closed is None:
        if len(head) < file.size:
            oversized(file.name, f"front matter longer than {MAX_FRONT} bytes")
        return None
    return opened.end(), head[opened.end() : closed.start()]


def _value(match: re.Match[bytes]) -> bytes:
    """What the member holds, as JSON where it is a mapping. Raises VerificationError ``format.oversized``."""
    if len(match[0]) > MAX_TEXT:
        oversized("markdown", f"an AIGC object longer than {MAX_TEXT} bytes")
    first = match["first"].decode("utf-8", "replace").strip()
    rest = match["rest"].decode("utf-8", "replace")
    if not first or first.startswith("#"):
        return _mapping(rest)
    folded = " ".join([first, *(line.strip() for line in rest.splitlines() if line.strip())])
    if first[0] in "|>":
        return folded[len(first) :].strip().encode("utf-8")
    return _scalar(folded).encode("utf-8")


def _mapping(lines: str) -> bytes:
    """A block mapping of texts; what is nested in one of its members stays text."""
    found: dict[str, str] = {}
    key = ""
    for line in lines.splitlines():
        pair = _PAIR.match(line)
        if pair is not None:
            key = pair[1].strip("\"'")
            found[key] = _scalar(pair[2] or "")
        elif key and line.strip() and not line.lstrip().startswith("#"):
            found[key] += line.strip()
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode("utf-8") if found else b""


def _scalar(text: str) -> str:
    text = text.strip()
    if (quoted := _SINGLE.match(text)) is not None:
        return quoted[1].replace("''", "'")
    if (quoted := _DOUBLE.match(text)) is not None:
        try:
            return str(json.loads(quoted[0], strict=False))
        except ValueError:
            return quoted[1]
    return text
