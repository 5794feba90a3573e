# SPDX-License-Identifier: Apache-2.0
"""What is filled into an error's reason and remedy, in Chinese. An error is raised with English sentences, as it is
logged; a reader of Chinese gets the sentences of these tables in their place, and what stands in none of them as it is:
names, numbers, paths, fields, flags, the codes of errors, and other people's words, such as a library's own message.

A table maps sentences to sentences; `{}` stands for what differs, and `{0}`, `{1}` for the same in the Chinese one. A
sentence stands in one table: in that of the room that says it, in `common` if several do. What is filled in is looked
up again, and so are the detail of "place: detail" and the parts of "one, another" and of "one; another". The reasons of
the catalogue are a table too: an error may be the detail of another.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import Final

# The parameters that hold sentences. In all others stands a name, or what stands in for one (`standins`).
PROSE: Final = frozenset(
    {"allowed", "detail", "expected", "format", "found", "known", "limit", "offered", "problem", "rate", "roles", "row",
     "state", "waiting", "what", "why"}
)  # fmt: skip
TABLES: Final = ("admission", "app", "cli", "common", "control", "crypto", "formats", "gateway", "guard", "labels",
                 "log", "machines", "net", "policy", "privacy", "protocols", "redlines", "registry", "sequencer",
                 "stops", "stores", "system", "tools", "upstreams", "verify")  # fmt: skip
MAX_DETAIL: Final = 400  # characters; what is longer holds other people's words
MAX_DEPTH: Final = 6  # sentences in sentences; "a: b: c: …" is not followed for ever
_COLON: Final = ": "
_COMMA: Final = ", "
_ALSO: Final = "; "
_END: Final = 4  # characters of a sentence by which shapes are looked up


def said(params: Mapping[str, object]) -> dict[str, object]:
    """An error's parameters for a reader of Chinese."""
    from answerable.errors.details.standins import DETAILS

    found = dict(params)
    for name, value in params.items():
        if isinstance(value, str):
            found[name] = chinese(value) if name in PROSE else DETAILS.get(value, value)
    return found


def chinese(detail: str, depth: int = MAX_DEPTH) -> str:
    """`detail` in Chinese, as it is where no table has it."""
    if len(detail) > MAX_DETAIL or not depth:
        return detail
    if (whole := _whole(detail, depth)) is not None:
        return whole
    head, colon, tail = detail.partition(_COLON)
    if colon and (whole := _whole(tail, depth)) is not None:
        return f"{_whole(head, 1) or head}：{whole}"
    parts = detail.split(_ALSO)
    if len(parts) > 1 and (each := [chinese(part, min(depth - 1, 2)) for part in parts]) != parts:
        return "；".join(each)
    if colon and (end := chinese(tail, depth - 1)) != tail:
        return f"{_whole(head, 1) or head}：{end}"
    found = []
    for part in detail.split(_COMMA):
        if (whole := _whole(part, 1)) is None:
            return detail
        found.append(whole)
    return "，".join(found)


def _whole(detail: str, depth: int) -> str | None:
    """A sentence that is one of a table, in Chinese."""
    known = _known()
    if (found := known.sentences.get(detail)) is not None:
        return found
    for shape in known.shapes(detail):
        if (values := shape.filled(detail)) is not None:
            return shape.chinese.format(*(chinese(value, depth - 1) for value in values))
    return None


@dataclass(frozen=True, slots=True)
class Shape:
    """around: what stands around the places that differ; rank: the less, the more it says of its own."""

    around: tuple[str, ...]
    chinese: str
    rank: int

    def filled(self, text: str) -> list[str] | None:
        """What stands in the places, each as short as can be; None for another sentence. Never goes back, so it takes
        no longer for a text that somebody made up."""
        first, *middle, last = self.around
        at, end = len(first), len(text) - len(last)
        if at > end or not text.startswith(first) or not text.endswith(last):
            return None
        values = []
        for piece in middle:
            found = text.find(piece, at, end)
            if found < 0:
                return None
            values.append(text[at:found])
            at = found + len(piece)
        values.append(text[at:end])
        return None if not first and _COLON in values[0] else values  # "place: detail" is taken apart first


class _Known:
    """All tables as one, a shape to be found by how a sentence begins or ends."""

    def __init__(self) -> None:
        self.sentences: dict[str, str] = {}
        self._shapes: dict[tuple[str, str], list[Shape]] = {}
        for table in (*(import_module(f"{__name__}.{name}").DETAILS for name in TABLES), _reasons()):
            for english, sentence in table.items():
                if "{}" not in english:
                    self.sentences[english] = sentence
                    continue
                around = tuple(english.split("{}"))
                shape = Shape(around, sentence, -sum(map(len, around)))
                first, last = around[0][:_END], around[-1][-_END:]
                self._shapes.setdefault((first, "") if first else ("", last), []).append(shape)

    def shapes(self, text: str) -> list[Shape]:
        """Those that may fit, the one that says the most of its own first: another may be a part of it."""
        keys = {(text[:length], "") for length in range(1, _END + 1)}
        keys |= {("", text[-length:]) for length in range(1, _END + 1)} | {("", "")}
        return sorted((shape for key in keys for shape in self._shapes.get(key, ())), key=attrgetter("rank"))


@cache
def _known() -> _Known:
    return _Known()


def _reasons() -> dict[str, str]:
    """The catalogue as a table. Without the Chinese full stop: the outer sentence has its own."""
    from answerable.errors.catalogue import CATALOGUE

    found = {}
    for entry in CATALOGUE.values():
        names = [name for _, name, _, _ in string.Formatter().parse(entry.reason) if name is not None]
        if len(set(names)) == len(names):
            english = entry.reason.format_map(dict.fromkeys(names, "{}"))
            numbered = {name: f"{{{number}}}" for number, name in enumerate(names)}
            found[english] = entry.reason_zh.format_map(numbered).removesuffix("。")
    return found
