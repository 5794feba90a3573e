# SPDX-License-Identifier: Apache-2.0
"""AIGC objects (GB 45438-2025 Appendix E) that stand inside other text: a comment field, a paragraph, a segment of
their own. Shapes that occur: the bare object, `{"AIGC":{…}}`, a member `"AIGC"` of a larger object, `AIGC{…}` glued
together, the whole encoded as a JSON string; and one vendor's own schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from answerable.formats.carrier import MAX_FOUND, MAX_TEXT
from answerable.formats.streams import oversized

# So many characters are searched for the ends of objects before a text is held to be made to waste time.
_BUDGET: Final = 4_194_304

_START = re.compile(
    r'(?P<wrapped>\{\s{0,64}"AIGC"\s{0,64}:(?=\s{0,64}[{"]))'
    r'|(?P<member>"AIGC"\s{0,64}:\s{0,64}(?=\{|"[^"]))'
    r"|(?P<glued>AIGC\s{0,8}[:=]?\s{0,8}(?=\{))"
    r'|(?P<bare>\{\s{0,64}"(?:Label|ContentProducer|ProduceID|ServiceProvider|ServiceUser)"\s{0,64}:)'
    r'|(?P<text>\A\s{0,64}"\{\s{0,64}\\"(?:AIGC|Label|ContentProducer|ProduceID|ServiceProvider|ServiceUser)\\")'
)
# A string without an end runs to the end, so that no character is looked at twice.
_TOKEN = re.compile(r'[{}]|"(?:[^"\\]|\\.)*+(?:"|\Z|\\\Z)', re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
# One of them stands in every beginning; words are found a hundred times quicker.
_NAMES: Final = ("AIGC", "Label", "ContentProducer", "ProduceID", "ServiceProvider", "ServiceUser")
# The same in bytes of 8 bits a character, a little wider: where it does not match, nothing begins.
_BYTES = re.compile(
    rb"\{[\s\x1c-\x1f\x85\xa0]{0,64}+\\?\"(?:Label|ContentProducer|ProduceID|ServiceProvider|ServiceUser)"
)
LONGEST: Final = 256  # of a beginning
_NOT_OURS = re.compile(r'"(?:ServiceProvider|ServiceUser)\\?"')
_OURS = re.compile(r'"(?:Label|ContentProducer|ProduceID)\\?"')


@dataclass(frozen=True, slots=True)
class Embedded:
    """text[start:end] of what was searched. other: it is in a vendor's own schema; member: it is the value of a member
    of a larger object, which must stay an object without it."""

    start: int
    end: int
    text: str
    other: bool
    member: bool


def possible(data: bytes) -> bool:
    """Whether an object may begin in text of 8 bits a character: many times quicker than to look for it."""
    if b"AIGC" in data:
        return True
    return b"{" in data and _BYTES.search(data, data.index(b"{")) is not None


def find(text: str, format: str) -> list[Embedded]:
    """All of them, in their order, `MAX_FOUND` at most. Raises VerificationError ``format.oversized`` for one longer
    than `MAX_TEXT` characters, and for a text made of beginnings without ends."""
    found: list[Embedded] = []
    if not any(name in text for name in _NAMES):
        return found
    position, spent = 0, 0
    while len(found) < MAX_FOUND and (match := _START.search(text, position)) is not None:
        kind = match.lastgroup
        at = match.end() if kind in ("member", "glued") else match.start()
        end, looked = _end(text, at)
        spent += looked
        if spent > _BUDGET:
            oversized(format, f"more than {_BUDGET} characters of unfinished AIGC objects")
        if end < 0:
            position = match.end()
            continue
        start, member = (at, True) if kind == "member" else (match.start(), False)
        if kind == "wrapped" and (inner := _member(text, match.end(), end)) is not None:
            start, end, member = *inner, True
        said = text[start:end]
        position = end
        if said == '""':
            continue
        if len(said) > MAX_TEXT:
            oversized(format, f"an AIGC object longer than {MAX_TEXT} characters")
        other = _NOT_OURS.search(said) is not None and _OURS.search(said) is None
        found.append(Embedded(start, end, said, other, member))
    return found


def blank(text: str, found: list[Embedded]) -> str:
    """`text`, as long as before, without the objects of Appendix E among `found`."""
    for each in found:
        if not each.other:
            empty = '""' if each.member else ""
            text = text[: each.start] + empty.ljust(each.end - each.start) + text[each.end :]
    return text


def _end(text: str, at: int) -> tuple[int, int]:
    """(where the value that begins at `at` ends, or -1; characters looked at)."""
    limit = min(len(text), at + MAX_TEXT + 1)
    while at < limit and text[at].isspace():
        at += 1
    if text[at : at + 1] == '"':
        string = _STRING.match(text, at, limit)
        return (string.end(), string.end() - at) if string else (-1, limit - at)
    depth = 0
    for token in _TOKEN.finditer(text, at, limit):
        first = text[token.start()]
        depth += (first == "{") - (first == "}")
        if depth == 0:
            return token.end(), token.end() - at
    return -1, limit - at


def _member(text: str, at: int, end: int) -> tuple[int, int] | None:
    """(start, end) of the value at `at` if other members follow it in the object that ends at `end`."""
    while text[at].isspace():
        at += 1
    stop, _ = _end(text, at)
    if text[at] not in '{"' or not at < stop < end or text[stop:end].strip() == "}":
        return None
    return at, stop
