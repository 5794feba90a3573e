# SPDX-License-Identifier: Apache-2.0
"""Rows of calls that must not run twice, told again from leaves (`docs/spec/calls.md`). The key of a call stands in no
leaf: what its open leaf commits to under `CONTEXT` tells it, for as long as that payload is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import asdict

from answerable.crypto import canonical
from answerable.errors import VerificationError
from answerable.model.calls import CONTEXT, RAN, Call, CallState, Verdict
from answerable.model.leaves import CloseLeaf, OpenLeaf, SettleLeaf
from answerable.model.terms import Act, Outcome
from answerable.model.units import Drop, Effect, Put, Space
from answerable.registry.book import Book
from answerable.tools.calls import decode
from answerable.tools.settling import effect

OLDER: Final = 5  # members of a row of before shares were counted
_encode = msgspec.json.Encoder().encode


class Told:
    """The calls of a log, leaf by leaf. keys: rid of an open leaf -> the key of its call, where that is known."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.keys: dict[str, str] = {}

    def begun(self, leaf: OpenLeaf, rid: str, told: Callable[[str, str], str | None]) -> list[Effect]:
        """A permitted call with a key. Raises ValueError for a context of another form."""
        if leaf.act != Act.TOOL_CALL or not isinstance(leaf.c.ctx, str):
            return []
        text = told(rid, CONTEXT)
        if text is None:
            return []
        key, until = _context(text)
        self.keys[rid] = key
        return [Put(Space.CALLS, key, _encode(Call(rid, CallState.BEGUN, leaf.t, until, system=leaf.sys)))]

    def ended(self, leaf: CloseLeaf) -> list[Effect]:
        """What its close leaf says of whether it ran; one that was written after a crash says nothing."""
        found = self._row(leaf.open)
        if found is None or leaf.st == Outcome.UNKNOWN:
            return []
        key, row = found
        ran = leaf.x.get(RAN) if isinstance(leaf.x, dict) else None
        if ran is None:
            return [Put(Space.CALLS, key, _encode(msgspec.structs.replace(row, state=CallState.DONE)))]
        if ran == CallState.UNKNOWN:
            return [Put(Space.CALLS, key, _encode(msgspec.structs.replace(row, state=CallState.UNKNOWN)))]
        return [Drop(Space.CALLS, key)]

    def settled(self, leaf: SettleLeaf, rid: str) -> list[Effect]:
        """A person's word on how it ended."""
        spent = Put(Space.NONCES, leaf.n, str(leaf.t).encode())
        found = self._row(leaf.open)
        return [spent] if found is None else [effect(*found, Verdict(leaf.st), rid), spent]

    def _row(self, record: str) -> tuple[str, Call] | None:
        """Of the call with that record, as long as it holds its key."""
        key = self.keys.get(record, "")
        raw = self._book.raw(Space.CALLS, key)
        row = None if raw is None else decode(raw)
        return (key, row) if row is not None and row.record == record else None


def unlike(kept: bytes, told: bytes) -> set[str]:
    """The members in which two rows of one call differ. One of before shares were counted has five members, and does
    not say whose it is: no difference. {"value"} for a row that is none."""
    try:
        mine, theirs = msgspec.json.decode(kept, type=list), asdict(decode(told))
        row = asdict(decode(kept))
    except msgspec.MsgspecError:
        return {"value"}
    passed = {"system"} if len(mine) == OLDER else set[str]()
    return {name for name in theirs if row[name] != theirs[name]} - passed


def _context(text: str) -> tuple[str, int]:
    try:
        said = canonical.loads(text.encode())
        key, until = said["key"], said["until"]
    except (VerificationError, KeyError, TypeError):
        raise ValueError("a context of another form") from None
    if not isinstance(key, str) or type(until) is not int:
        raise ValueError("a context of another form")
    return key, until
