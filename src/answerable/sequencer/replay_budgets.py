# SPDX-License-Identifier: Apache-2.0
"""Rows of budgets, told again from the leaves that reserved and settled (`docs/spec/budgets.md`). How long a row stands
is not told: what nothing counts any more is dropped when the service runs again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from answerable.model import leaves as kinds
from answerable.model.budgets import RESERVED, USED, Amount, Reserved
from answerable.model.tools import MeterKind
from answerable.model.units import Effect, Put, Space
from answerable.registry.book import Book
from answerable.registry.planned import encode_row
from answerable.tools.budgets import GRANT_HOURS, HOUR_MS
from answerable.tools.windows import Window

_row = msgspec.json.Decoder(Reserved).decode
# Nobody lets go of a row that is younger, whatever is configured.
_KEPT_MS: Final = Window.longest(GRANT_HOURS * HOUR_MS)


def reserved(leaf: kinds.OpenLeaf, rid: str) -> list[Effect]:
    """What a permitted action reserved. Raises ValueError for an extension of another form."""
    told = _member(leaf.x, RESERVED)
    if told is None:
        return []
    try:
        row = Reserved(
            rid=rid, system=leaf.sys, copy=str(told["cpy"]), party=leaf.party, grant=str(told.get("grant", "")),
            at=int(told["at"]), amounts=_amounts(told["most"]), tool=str(told.get("tool", "")),
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise ValueError("a reservation of another form") from error
    return [Put(Space.BUDGETS, rid, encode_row(row))]


def used(book: Book, leaf: kinds.CloseLeaf) -> list[Effect]:
    """What took the place of what was reserved. Raises ValueError as `reserved`, and where nothing was."""
    told = leaf.x.get(USED) if isinstance(leaf.x, dict) else None
    if told is None:
        return []
    raw = book.raw(Space.BUDGETS, leaf.open)
    if raw is None:
        raise ValueError("it settles what was not reserved")
    row = msgspec.structs.replace(_row(raw), amounts=_amounts(told), settled=True)
    return [Put(Space.BUDGETS, leaf.open, encode_row(row))]


def lapsed(row: bytes, now_ms: int) -> bool:
    """Whether the service may have let go of a row by itself. By which windows it counted then is told nowhere."""
    return _row(row).at + _KEPT_MS < now_ms


def _member(x: object, name: str) -> Mapping[str, Any] | None:
    told = x.get(name) if isinstance(x, dict) else None
    if told is not None and not isinstance(told, dict):
        raise ValueError(f"{name} of another form")
    return told


def _amounts(told: Any) -> tuple[Amount, ...]:
    if not isinstance(told, list) or not all(isinstance(each, list) and len(each) in (2, 3) for each in told):
        raise ValueError("amounts of another form")
    return tuple(
        Amount(kind=MeterKind(each[0]), amount=int(each[1]), currency=each[2] if len(each) == 3 else "")
        for each in told
    )
