# SPDX-License-Identifier: Apache-2.0
"""One pass over the log around an incident and on after an order: which actions there were, when each copy's last one
was, what holders confirmed. An action counts for the copy that called and for the copy of the model that answered."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

import msgspec
from msgspec import UNSET

from answerable.control.services import Services
from answerable.log.leaf import decode, rid
from answerable.model.leaves import CloseLeaf, OpenLeaf, ReceiptLeaf, WarrantLeaf
from answerable.model.terms import Outcome, Ruling
from answerable.redlines import forms

# Leaves looked at for the actions around it, on either side, and actions shown of them.
AROUND: Final = 1_000
SHOWN: Final = 50
# Leaves looked at for the last action after an order.
AFTER: Final = 100_000
STEP: Final = 1_000
_WHOSE: Final = re.compile(rb'"(?:sys|via)":"([a-z2-7]{32})"')


@dataclass(slots=True)
class Acts:
    """around: actions of the system itself; last: rid of a copy -> when its last action began or ended, ms UTC, of
    those that the orders reached; receipts: for these orders."""

    around: list[forms.ActAround] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)
    receipts: list[forms.Receipt] = field(default_factory=list)


async def acts(
    services: Services, centre: str, *, at: int, system: str, systems: Collection[str], orders: Collection[str]
) -> Acts:
    """centre: rid of the leaf to look around, at: its time, ms UTC; system: whose actions are shown; systems: rids that
    the orders reach; orders: rids, none where nothing was ordered. Raises Refused ``log.unrecorded``, Unavailable
    ``store.*``."""
    look = _Look(services, system, frozenset(systems), tuple(order.encode() for order in orders))
    index = (await services.reader.prove(centre)).index
    end = min(await services.reader.size(), index + (AFTER if orders else AROUND))
    for start in range(max(0, index - AROUND), end, STEP):
        for place, data in enumerate(await services.reader.tail(start, min(end, start + STEP)), start):
            await look.leaf(data, near=abs(place - index) <= AROUND)
    nearest = sorted(look.shown.values(), key=lambda act: abs(act.at - at))[:SHOWN]
    return Acts(sorted(nearest, key=lambda act: act.at), look.last, look.receipts)


class _Look:
    def __init__(self, services: Services, system: str, systems: frozenset[str], orders: tuple[bytes, ...]) -> None:
        self.shown: dict[str, forms.ActAround] = {}
        self.last: dict[str, int] = {}
        self.receipts: list[forms.Receipt] = []
        self._services = services
        self._system = system
        self._systems = systems
        self._orders = orders
        self._copies: dict[str, str] = {}  # rid of a warrant leaf -> rid of its copy
        self._acting: dict[str, tuple[str, ...]] = {}  # rid of an open leaf -> copies that take part

    async def leaf(self, data: bytes, *, near: bool) -> None:
        if b'"k":"open"' in data:
            if not self._systems.isdisjoint(each.decode() for each in _WHOSE.findall(data)):
                await self._opened(data, near=near)
        elif b'"k":"close"' in data:
            await self._closed(data)
        elif b'"k":"receipt"' in data and any(order in data for order in self._orders):
            self._receipt(data)

    async def _opened(self, data: bytes, *, near: bool) -> None:
        leaf = decode(data)
        if not isinstance(leaf, OpenLeaf):
            return
        its = rid(data)
        if near and self._system in (leaf.sys, leaf.via):
            self.shown[its] = forms.ActAround(rid=its, at=leaf.t, act=leaf.act, decision=leaf.dec, ended="")
        if leaf.dec == Ruling.PERMIT:
            self._acting[its] = await self._taking_part(leaf)
            self._note(its, leaf.t)

    async def _closed(self, data: bytes) -> None:
        leaf = decode(data)
        if not isinstance(leaf, CloseLeaf):
            return
        if leaf.open in self.shown:
            code = "" if leaf.err is UNSET else f" ({leaf.err})"
            self.shown[leaf.open] = msgspec.structs.replace(self.shown[leaf.open], ended=leaf.st + code)
        if leaf.open not in self._acting:
            before = await self._services.reader.find(leaf.open)  # it began long before
            opened = decode(before) if before is not None else None
            if not isinstance(opened, OpenLeaf) or not {opened.sys, opened.via} & self._systems:
                return
            self._acting[leaf.open] = await self._taking_part(opened)
        if leaf.st != Outcome.UNKNOWN:  # settled after a crash: nobody saw when it ended
            self._note(leaf.open, leaf.t)
        del self._acting[leaf.open]

    def _receipt(self, data: bytes) -> None:
        leaf = decode(data)
        if not isinstance(leaf, ReceiptLeaf):
            return
        copy = self._services.book.copy(leaf.own)
        self.receipts.append(
            forms.Receipt(
                rid=rid(data),
                holder=copy.id if copy is not None else leaf.own,
                received=leaf.rcv,
                last=leaf.last,
                in_flight=leaf.fly,
                state=leaf.st,
            )
        )
        if copy is not None and copy.system in self._systems:
            self.last[copy.rid] = max(self.last.get(copy.rid, 0), leaf.last)

    async def _taking_part(self, leaf: OpenLeaf) -> tuple[str, ...]:
        """Copies of the reached systems that act here."""
        pairs = ((leaf.sys, leaf.war), (leaf.via, leaf.vwar))
        named = [str(grant) for system, grant in pairs if system in self._systems and grant is not UNSET]
        return tuple([await self._copy(grant) for grant in named])

    async def _copy(self, grant: str) -> str:
        if grant not in self._copies:
            data = await self._services.reader.find(grant)
            leaf = decode(data) if data is not None else None
            self._copies[grant] = leaf.cpy if isinstance(leaf, WarrantLeaf) else ""
        return self._copies[grant]

    def _note(self, action: str, at: int) -> None:
        for copy in self._acting.get(action, ()):
            if copy:
                self.last[copy] = max(self.last.get(copy, 0), at)
