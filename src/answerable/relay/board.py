# SPDX-License-Identifier: Apache-2.0
"""What holders are told, as it stands: the newest message of each order, and the newest pulse. Messages were verified.

Each change of the stop set has a number, and so has each message: that of the last change that it tells of. An order
that officers or an authority gave past the registry has none (0), and is told to everyone who asks.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from typing import Final

import msgspec

from answerable.admission.orders import Told

PAGE: Final = 1 << 20  # bytes of orders in one answer, or one order
MOST_DIRECT: Final = 1_024  # orders past the registry
DIRECT_BYTES: Final = 1 << 20  # of them together: every answer to a pull has them all
Entry = tuple[int, str]  # number of the change, rid of the order
LAST: Final = "\U0010ffff"  # after every rid


class Page(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer to a pull. epoch: with these, all changes up to it are told; more: ask again from there."""

    epoch: int
    more: bool
    orders: tuple[msgspec.Raw, ...]


class Board:
    """epoch: number of the last change up to which nothing is missing here. pulse: the newest, b"" for none. Grow-only,
    but for messages that a later one of the same order replaces."""

    def __init__(self, epoch: int = 0) -> None:
        self.epoch = epoch
        self.pulse = b""
        self._data: dict[str, tuple[int, bytes]] = {}
        self._numbered: list[Entry] = []
        self._direct: dict[str, bool] = {}  # order past the registry -> whether an authority gave it
        self._direct_bytes = 0

    def __len__(self) -> int:
        return len(self._data)

    def put(self, told: Told) -> bool:
        """Whether it is news: an order that was not known, its release, or another signature under one that was given
        past the registry."""
        name, number = told.stop.rid, max(told.epoch, told.changed)
        known = self._data.get(name)
        if known is not None and (number < known[0] or (number == known[0] and (number or told.data == known[1]))):
            return False
        if number:
            if known is not None:
                self._forget(name, known[0])
            insort(self._numbered, (number, name))
        else:
            if known is not None:
                self._forget(name, 0)
            if not self._room(len(told.data), told.authority):
                if known is not None:
                    self._hold(name, known[1], told.authority)
                return False
            self._hold(name, told.data, told.authority)
        self._data[name] = (number, told.data)
        return True

    def since(self, epoch: int, most: int = PAGE) -> Page:
        """What changed after change `epoch`, oldest first; `most` bytes of those that the registry numbered,
        but one at least, and all past it."""
        return Page(epoch=self.epoch, more=False, orders=()) if self._nothing(epoch) else self._page(epoch, most)

    def after(self, epoch: int, most: int = PAGE) -> tuple[bytes, ...]:
        """The messages of what the registry changed after change `epoch`, oldest first; none at all where they are more
        than `most` bytes: then they are pulled."""
        found = [self._data[name][1] for _, name in self._numbered[bisect_right(self._numbered, (epoch, LAST)) :]]
        return tuple(found) if sum(map(len, found)) <= most else ()

    def _nothing(self, epoch: int) -> bool:
        return not self._direct and (not self._numbered or self._numbered[-1][0] <= epoch)

    def _page(self, epoch: int, most: int) -> Page:
        at = bisect_right(self._numbered, (epoch, LAST))
        orders: list[bytes] = [self._data[name][1] for name in self._direct]
        size = 0
        for number, name in self._numbered[at:]:
            data = self._data[name][1]
            if len(orders) > len(self._direct) and size + len(data) > most:
                return Page(epoch=min(number - 1, self.epoch), more=True, orders=_raw(orders))
            orders.append(data)
            size += len(data)
        return Page(epoch=self.epoch, more=False, orders=_raw(orders))

    def _forget(self, name: str, number: int) -> None:
        if number:
            self._numbered.remove((number, name))
        else:
            del self._direct[name]
            self._direct_bytes -= len(self._data.pop(name)[1])

    def _hold(self, name: str, data: bytes, authority: bool) -> None:
        self._direct[name] = authority
        self._direct_bytes += len(data)
        self._data[name] = (0, data)

    def _room(self, size: int, authority: bool) -> bool:
        """Whether there is room for one more past the registry. For an authority's, officers' go, the oldest first: one
        of them could have filled it."""
        while len(self._direct) >= MOST_DIRECT or self._direct_bytes + size > DIRECT_BYTES:
            other = next((name for name, theirs in self._direct.items() if not theirs), "")
            if not authority or not other:
                return False
            self._forget(other, 0)
        return True


def _raw(orders: Iterable[bytes]) -> tuple[msgspec.Raw, ...]:
    return tuple([msgspec.Raw(data) for data in orders])
