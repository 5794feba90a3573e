# SPDX-License-Identifier: Apache-2.0
"""Issuer, holder, desk and gate over the small fleet, wired as the composition root wires them."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from answerable.model.records import Stop, System
from answerable.model.units import EPOCH, Space
from answerable.model.warrants import Credential, Peer
from answerable.warrants.desk import Desk
from answerable.warrants.gate import Gate
from answerable.warrants.handles import issue
from answerable.warrants.holder import Holder
from answerable.warrants.issuer import Issuer
from tests.fleet import GATEWAY, ISSUER, Fleet, a_rid, key

HOME = Peer(address="127.0.0.1")
DAY = 86_400_000


class Office(Fleet):
    def __init__(self, *, demand: bool = False, **issuer: Any) -> None:
        super().__init__()
        self.unmet: dict[str, tuple[str, ...]] = {}
        self.issuer = Issuer(
            directory=self.book,
            ledger=self.ledger,
            clock=self.clock,
            signer=key("issuer"),
            iss=ISSUER,
            kid="issuer-1",
            audiences={GATEWAY, "spiffe://demo.invalid/guard/1"},
            lapsed=self.lapsed,
            **issuer,
        )
        self.holder = Holder(
            issuer=self.issuer,
            directory=self.book,
            clock=self.clock,
            aud=GATEWAY,
            sleep=lambda _: asyncio.sleep(0),
            spread=lambda: 0.0,
        )
        self.desk = Desk(
            directory=self.book,
            clock=self.clock,
            holder=self.holder,
            issuers={"issuer-1": key("issuer").public},
            iss=ISSUER,
            demand=demand,
        )
        self.gate = Gate(self.book, self.clock, GATEWAY)

    def lapsed(self, system: System) -> tuple[str, ...]:
        return self.unmet.get(system.name, ())

    def stop(self, name: str = "base", rid: str = "order", **changed: Any) -> str:
        """A termination of a lineage, as if its order had just been committed."""
        system = self.book.system(name)
        num = system.num if system else 0
        row = Stop(
            rid=a_rid(rid),
            kind="terminate",
            scope="lineage",
            root=system.rid if system else name,
            num=num,
            digests=(),
            twins=(),
            at=self.clock.now,
            until=0,
            reason="",
            officers=(),
        )
        row = msgspec.structs.replace(row, **changed)
        self.put(Space.STOPS, row.rid, msgspec.json.encode(row))
        epoch = int(self.book.raw(Space.COUNTERS, EPOCH) or b"0")
        self.put(Space.COUNTERS, EPOCH, str(epoch + 1).encode())
        return row.rid

    def handle(
        self, name: str = "app", binding: str = "cidr:127.0.0.0/8", life_ms: int = DAY, *, certificates: bool = False
    ) -> str:
        planned = issue(
            self.book,
            copy=self.copies[name].rid,
            binding=binding,
            life_ms=life_ms,
            by=self.operator.rid,
            now_ms=self.clock.now,
            certificates=certificates,
        )
        self.ledger.write(planned.unit)
        return planned.handle


def shown(value: str, peer: Peer = HOME) -> Credential:
    return Credential(value, peer)
