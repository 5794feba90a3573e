# SPDX-License-Identifier: Apache-2.0
"""How one medium carries a label (GB 45438-2025; Regulation (EU) 2024/1689, Article 50)."""

from __future__ import annotations

from typing import Protocol, TypeVar

from answerable.model.labels import Label, LabelReading
from answerable.model.media import LabelledMedium

Piece = TypeVar("Piece")


class LabelWriter(Protocol[Piece]):
    """Marks one piece of content after another: bytes of a file, chunks of an answer. Bounded memory."""

    def feed(self, piece: Piece) -> Piece: ...


class LabelFormat(Protocol[Piece]):
    """How one medium carries a label. One module a format under `formats`; found by content, not by name."""

    name: str

    def writer(self, label: Label) -> LabelWriter[Piece]: ...

    def read(self, content: bytes) -> LabelReading:
        """Never raises for foreign bytes: what it cannot read is `could_not_check` or `not_labelled`."""


class MediaLabeller(Protocol):
    """Labels pictures, sound and files that a model made. Their bytes are an upstream's: hostile until proven
    otherwise, so they are decoded where nothing but the labels' own keys can be reached, within bounds of time and
    memory."""

    def kind(self, data: bytes, *, must: bool) -> str:
        """Name of the format by content, "" for what carries no label. must: it is said to be a medium; else only what
        is not a medium by chance counts. Cheap: the beginning is looked at."""

    async def label(
        self, data: bytes, label: Label, *, agent: tuple[str, str] = ("", ""), original: bytes = b""
    ) -> LabelledMedium:
        """`data` with the label, read back. agent: name and version of what made it; original: the file that it was
        made from, b"" for none, whose history is kept as that of a parent. What another producer has labelled is kept.

        Being cancelled ends the work. Raises Refused ``label.media`` for whatever cannot be labelled, Unavailable
        ``label.extra``, ``label.worker``."""
