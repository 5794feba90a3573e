# SPDX-License-Identifier: Apache-2.0
"""State of the tool registry and of attestations, told again from the leaves (`docs/spec/tool-registry.md`)."""

from __future__ import annotations

from answerable.model import attestations as model
from answerable.model import leaves as kinds
from answerable.model.tools import key
from answerable.model.units import Effect, Put, Space
from answerable.registry.book import Book
from answerable.registry.planned import encode_row
from answerable.tools import attestations, told


def tool(book: Book, leaf: kinds.ToolLeaf, rid: str) -> list[Effect]:
    """Raises ValueError for a leaf that cannot follow."""
    where = key(leaf.srv, leaf.name)
    raw = book.raw(Space.TOOLS, where)
    row = told.row(leaf, rid, told.decode(raw) if raw is not None else None)
    return [Put(Space.TOOLS, where, encode_row(row))]


def attestation(leaf: kinds.AttestationLeaf, rid: str) -> list[Effect]:
    """One about a tool leaves no row of its own: the tool's pin is its trace."""
    if not isinstance(leaf.sys, str) or leaf.pt == attestations.TOOL:
        return []
    return [Put(Space.ATTESTATIONS, model.key(leaf.sys, leaf.pt), encode_row(attestations.row(leaf, rid)))]
