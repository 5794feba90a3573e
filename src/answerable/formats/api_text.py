# SPDX-License-Identifier: Apache-2.0
"""The label of text that an API answers with (GB 45438-2025 sections 5 and 7, Appendix E; EU AI Act Art. 50(2)).

Explicit: the words, as the first paragraph of each choice's text, in the piece that begins it; or in a field. Implicit:
the AIGC object in the extension member `answerable` of the first and the last piece. `docs/spec/label.md` specifies
both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from answerable.formats import saved
from answerable.marks.wording import prefix
from answerable.model.actions import Chunk
from answerable.model.labels import Label, LabelReading, Place
from answerable.ports import LabelWriter
from answerable.protocols.openai.dialects import Dialects
from answerable.protocols.openai.forms import Repeat
from answerable.protocols.openai.marker import EXTENSION, Marker

# Under which a label that an upstream has set already is kept: marks are never stripped.
UPSTREAM: Final = "upstream"


class ApiText:
    """`ports.LabelFormat` of one dialect's pieces. marker: makes the memory of one answer."""

    def __init__(self, name: str, marker: Callable[[], Marker]) -> None:
        self.name = f"api-text:{name}"
        self._marker = marker

    def writer(self, label: Label) -> LabelWriter[Chunk]:
        return _Writer(label, self._marker())

    def read(self, content: bytes) -> LabelReading:
        return saved.read(content).label


def dialects() -> Dialects:
    """OpenAI's four endpoints, with their labels."""
    return Dialects(ApiText)


def extension(label: Label) -> dict[str, Any]:
    """The extension member: record id, the words with their place, what was done for a mark in the text, a
    digital human's notice, and the AIGC object."""
    member: dict[str, Any] = {"record": label.record}
    if label.explicit:
        member["explicit"] = label.explicit
        member["place"] = label.place
    if label.words:
        member["watermark"] = label.words
    if label.notice:
        member["notice"] = label.notice
    member["AIGC"] = label.aigc  # written as its JSON
    return member


class _Writer:
    """Marks one answer, piece after piece, in place."""

    __slots__ = ("_first", "_marker", "_member", "_prefix")

    def __init__(self, label: Label, marker: Marker) -> None:
        self._member = extension(label)
        self._prefix = prefix(label.explicit) if label.place is Place.TEXT else ""
        self._marker = marker
        self._first = True

    def feed(self, piece: Chunk) -> Chunk:
        first = self._first
        # A repeat comes after the piece that it repeats, whose choice has its words already.
        if not first and type(piece) is Repeat and piece.form is not None:
            return piece
        place = self._marker.place(piece)
        # Whatever an upstream says under our name is not our word: it is moved where it cannot be mistaken for it.
        foreign = place.pop(EXTENSION, None)
        if first or piece.last:
            place[EXTENSION] = self._member if foreign is None else {**self._member, UPSTREAM: foreign}
            self._first = False
        if self._prefix:
            self._marker.begin(piece, self._prefix)
        return piece
