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
Entry = tuple[int, str]  # number of the change, rid of the order


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
        self._direct: list[str] = []

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
        elif known is None:
            if len(self._direct) >= MOST_DIRECT:
                return False
            self._direct.append(name)
        self._data[name] = (number, told.data)
        return True

    def since(self, epoch: int, most: int = PAGE) -> Page:
        """What changed after change `epoch`, oldest first; `most` bytes, but one order at least."""
        return Page(epoch=self.epoch, more=False, orders=()) if self._nothing(epoch) else self._page(epoch, most)

    def _nothing(self, epoch: int) -> bool:
        return not self._direct and (not self._numbered or self._numbered[-1][0] <= epoch)

    def _page(self, epoch: int, most: int) -> Page:
        at = bisect_right(self._numbered, (epoch, "\U0010ffff"))
        orders: list[bytes] = [self._data[name][1] for name in self._direct]
        size = sum(map(len, orders))
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
            self._direct.remove(name)


def _raw(orders: Iterable[bytes]) -> tuple[msgspec.Raw, ...]:
    return tuple([msgspec.Raw(data) for data in orders])
