# SPDX-License-Identifier: Apache-2.0
"""What gateway nodes are told of the registry: whole once, then each change by its number.

Numbers count within one run of the control plane, which draws a name for itself at its start: who comes back with
another run's number, or one that is no longer remembered, is given everything anew. What no gateway needs does not
leave: names of natural persons, the reasons of orders, nonces and keys of people's parties.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from answerable.crypto.random import nonce
from answerable.model.records import Admin, Party, Stop
from answerable.model.terms import PartyKind
from answerable.model.units import EPOCH, SYSTEM_NUMBER, Effect, Put, Space
from answerable.registry.book import Book

# Changes that are remembered; who is further behind is given everything anew.
REMEMBERED: Final = 65_536
# Bytes of rows in one answer.
PAGE: Final = 1 << 20
# Parents before what names them.
SPACES: Final = (
    Space.MISC, Space.COUNTERS, Space.PARTIES, Space.PARTY_IDS, Space.SYSTEMS, Space.SYSTEM_IDS, Space.NODES,
    Space.COPIES, Space.COPY_IDS, Space.ADMINS, Space.HANDLES, Space.STOPS, Space.REAUTHORISATIONS,
)  # fmt: skip
_MISC: Final = frozenset(
    {"domain", "origin", "issuer", "operator", "canary", "canary_system", "canary_copy", "detector"}
)
_COUNTERS: Final = frozenset({EPOCH, SYSTEM_NUMBER})
Row = tuple[str, str, str | None]

_party = msgspec.json.Decoder(Party).decode
_admin = msgspec.json.Decoder(Admin).decode
_stop = msgspec.json.Decoder(Stop).decode
_encode = msgspec.json.Encoder().encode


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer. since: what to ask with the next time; whole: these rows begin everything anew; more: ask on at once,
    nothing is complete yet; epoch: of the stop set; rows: (space, key, value), None for one that is gone; orders:
    messages of the stop orders among the rows, so that who learns of one can show it to others."""

    since: str
    whole: bool
    more: bool
    epoch: int
    rows: tuple[Row, ...]
    orders: tuple[str, ...] = ()


class Feed:
    """Follows the registry's own book. Used on its event loop alone; `applied` is one of the core's watchers."""

    def __init__(self, book: Book, *, remembered: int = REMEMBERED) -> None:
        self.run = nonce()
        self.number = 0
        self._book = book
        self._changes: deque[tuple[int, Row]] = deque(maxlen=remembered)
        self._waiting: set[asyncio.Future[None]] = set()

    def applied(self, effects: Iterable[Effect]) -> None:
        """A batch was committed; the book shows it already."""
        rows = [row for effect in effects if (row := _shown(effect.space, effect.key, _value(effect))) is not None]
        if not rows:
            return
        for row in rows:
            self.number += 1
            self._changes.append((self.number, row))
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def changed(self, since: str, seconds: float) -> None:
        """Return when there is something to tell who knows `since`, or after so long."""
        run, number, _ = _parse(since)
        if run != self.run or number != self.number or seconds <= 0:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(future)

    def since(self, known: str) -> Told:
        """What came after `known`, as an answer said it; "" for who knows nothing."""
        run, number, at = _parse(known)
        if run == self.run and at:
            return self._page(number, at)
        oldest = self._changes[0][0] if self._changes else self.number + 1
        if run != self.run or number > self.number or number < oldest - 1:
            return self._page(self.number, (0, 0), first=True)
        rows: list[Row] = []
        size, upto = 0, number
        for n, row in self._changes:
            if n <= number:
                continue
            if size > PAGE:
                break
            rows.append(row)
            size += len(row[2] or "")
            upto = n
        return self._told(f"{self.run}:{upto}", rows, whole=False, more=upto < self.number)

    def _page(self, number: int, at: tuple[int, int], *, first: bool = False) -> Told:
        """Rows of everything from `at` (space, row) on. Rows that change meanwhile come once more, as changes after
        `number`."""
        rows: list[Row] = []
        size = 0
        space, skipped = at
        while space < len(SPACES):
            every = tuple(self._book.rows(SPACES[space]))
            for n in range(skipped, len(every)):
                row = _shown(SPACES[space], every[n][0], every[n][1])
                if row is None:
                    continue
                rows.append(row)
                size += len(row[2] or "")
                if size > PAGE:
                    return self._told(f"{self.run}:{number}:{space}:{n + 1}", rows, whole=first, more=True)
            space, skipped = space + 1, 0
        return self._told(f"{self.run}:{number}", rows, whole=first, more=number < self.number)

    def _told(self, since: str, rows: list[Row], *, whole: bool, more: bool) -> Told:
        return Told(since=since, whole=whole, more=more, epoch=self._book.epoch, rows=tuple(rows))


def _parse(since: str) -> tuple[str, int, tuple[int, int] | None]:
    """(run, number, place in everything); ("", 0, None) for what no answer ever said."""
    run, *numbers = since.split(":")
    if len(numbers) not in (1, 3) or not all(n.isascii() and n.isdigit() and len(n) < 17 for n in numbers):
        return "", 0, None
    at = (int(numbers[1]), int(numbers[2])) if len(numbers) == 3 else None
    return run, int(numbers[0]), at


def _value(effect: Effect) -> bytes | None:
    return effect.value if isinstance(effect, Put) else None


def _shown(space: Space, key: str, value: bytes | None) -> Row | None:
    """The row as it leaves; None if it does not."""
    if space not in SPACES or (space is Space.MISC and key not in _MISC):
        return None
    if space is Space.COUNTERS and key not in _COUNTERS:
        return None
    if value is None:
        return space.value, key, None
    row: Any = None
    if space is Space.PARTIES and (row := _party(value)).kind is not PartyKind.PERSON:
        row = None
    elif space is Space.ADMINS:
        row = _admin(value)
    elif space is Space.STOPS:
        row = msgspec.structs.replace(_stop(value), reason="")
    if row is not None and space is not Space.STOPS:
        row = msgspec.structs.replace(row, name="")
    return space.value, key, (value if row is None else _encode(row)).decode()
