# SPDX-License-Identifier: Apache-2.0
"""Where a label may stand in one dialect's answers. `formats.api_text` knows the label, a `Marker` knows the places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from answerable.model.actions import Chunk
from answerable.ports import LabelFormat

# The one member that we add to answers. Other gateways and vendors use names of their own.
EXTENSION: Final = "answerable"


class Marker(Protocol):
    """The memory of one answer on its way out: which of its choices have begun to speak."""

    def begin(self, chunk: Chunk, prefix: str) -> None:
        """Set `prefix` before the first text of each choice that begins in `chunk`, in place; where a whole text that
        began with it is repeated, repeat it too, and move citations along."""

    def place(self, chunk: Chunk) -> dict[str, Any]:
        """The object of the piece that the extension member stands in."""


class Silent:
    """Where there is no text that people read: vectors."""

    def begin(self, chunk: Chunk, prefix: str) -> None:
        """Does nothing."""

    def place(self, chunk: Chunk) -> dict[str, Any]:
        return chunk.body


# Makes the label format of a dialect from its name and a maker of markers; given by the composition root, because
# formats stand above protocols.
Labelling = Callable[[str, Callable[[], Marker]], LabelFormat[Chunk]]


def move(annotations: Any, by: int) -> None:
    """Citations count characters from the start of the text: they move with the words that were set before it."""
    if not isinstance(annotations, list):
        return
    for annotation in annotations:
        if isinstance(annotation, dict):
            for place in (annotation, *(member for member in annotation.values() if isinstance(member, dict))):
                for key in ("start_index", "end_index"):
                    if type(place.get(key)) is int:
                        place[key] += by
