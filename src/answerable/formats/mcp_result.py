# SPDX-License-Identifier: Apache-2.0
"""The label of what a tool answers, where an AI made it (GB 45438-2025 Appendix E): in the result's `_meta`, beside the
record id, where no model and no program takes it for the answer itself (`docs/spec/mcp.md`)."""

from __future__ import annotations

from typing import Any

import msgspec

from answerable.errors import VerificationError
from answerable.marks import aigc
from answerable.marks.verdict import judge
from answerable.model.actions import Chunk
from answerable.model.labels import Label, LabelReading
from answerable.ports import LabelWriter
from answerable.protocols.mcp.revisions import AIGC, EXPLICIT, NOTICE, RECORD

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class McpResult:
    """`ports.LabelFormat` of the pieces of `protocols.mcp.results`."""

    name = "mcp-result"

    def writer(self, label: Label) -> LabelWriter[Chunk]:
        return _Writer(label)

    def read(self, content: bytes) -> LabelReading:
        """Of a result, or of the message that holds it."""
        try:
            value = _decode(content)
        except (ValueError, RecursionError):
            return judge(readable=False)
        inner = value.get("result", value)
        meta = inner.get("_meta") if isinstance(inner, dict) else None
        if not isinstance(meta, dict):
            return judge()
        found: aigc.Found | None = None
        problems: tuple[str, ...] = ()
        if AIGC in meta:
            try:
                found = aigc.of_object(meta[AIGC])
            except VerificationError:
                problems = ("aigc_malformed",)
        explicit, record = meta.get(EXPLICIT), meta.get(RECORD)
        return judge(
            explicit=explicit if isinstance(explicit, str) else "",
            aigc=found,
            records=(record,) if isinstance(record, str) else (),
            problems=problems,
        )


class _Writer:
    """Marks one result, in place."""

    __slots__ = ("_members",)

    def __init__(self, label: Label) -> None:
        self._members: dict[str, Any] = {AIGC: msgspec.to_builtins(label.aigc)}
        if label.explicit:
            self._members[EXPLICIT] = label.explicit
        if label.notice:
            self._members[NOTICE] = label.notice

    def feed(self, piece: Chunk) -> Chunk:
        piece.body["_meta"].update(self._members)
        return piece
