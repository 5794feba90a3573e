# SPDX-License-Identifier: Apache-2.0
"""How one medium carries a label (GB 45438-2025; Regulation (EU) 2024/1689, Article 50)."""

from __future__ import annotations

from typing import Protocol, TypeVar

from answerable.model.labels import Label, LabelReading

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
