# SPDX-License-Identifier: Apache-2.0
"""Warrants on the spot for the models that a gateway node serves: a spare beside each, from an on-site issuer that
holds an envelope for them (`docs/spec/envelope.md`). It is kept warm, and used where the control plane is away and its
own warrant has ended.

An envelope is taken up while the pulse is fresh, and what its records lead to is repeated in this node's log then:
what only comes to light in an outage is not used in it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from answerable.app.keys import copy_key
from answerable.app.node_card import Card
from answerable.app.node_replica import Replica
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError, Refused
from answerable.guard.sources import Identity, Knows, Leased, OnSite, Post
from answerable.model.records import Copy
from answerable.model.warrants import Bearer
from answerable.ports import Clock

ROUND_S: Final = 0.25
AGAIN_MS: Final = 1_000  # after an on-site issuer that did not answer, or refused
Ensure = Callable[[str, str], Awaitable[None]]
_log: Final = logging.getLogger("answerable.node")


@dataclass(slots=True)
class _Spare:
    source: OnSite
    leased: Leased | None = None
    ends: int = 0  # monotonic ms: of the warrant, or of its envelope if that is earlier
    due: int = 0


class OnSpot:
    """sites: SPIFFE id of an on-site issuer -> the way to it; keys: of the models' copies, by public key; may_begin:
    raises where an envelope may not be taken up now; ensure: (copy, grant) -> what its records lead to stands in this
    log; knows: takes in the orders that come with a warrant."""

    def __init__(
        self,
        *,
        sites: Mapping[str, Post],
        keys: Callable[[], Mapping[str, Key]],
        card: Card,
        replica: Replica,
        clock: Clock,
        may_begin: Callable[[], object],
        ensure: Ensure,
        knows: Knows,
    ) -> None:
        self._sites, self._keys, self._card, self._replica = sites, keys, card, replica
        self._clock, self._may_begin, self._ensure, self._knows = clock, may_begin, ensure, knows
        self._spares: dict[str, _Spare] = {}
        self._tried: dict[str, int] = {}  # rid of a copy -> monotonic ms before which no site is asked for it

    def __len__(self) -> int:
        return len(self._spares)

    def spare(self, copy: str) -> Bearer | None:
        """A live bearer of the copy with that rid, as it is registered now; None where there is none."""
        spare = self._spares.get(copy)
        if spare is None or spare.leased is None or self._clock.mono_ms() >= spare.ends:
            return None
        warrant, replica = spare.leased.warrant, self._replica
        known = replica.copy(copy)
        system = replica.system(known.system) if known is not None else None
        party = replica.party(warrant.party)
        if (
            known is None
            or system is None
            or party is None
            or known.ended
            or {system.num, *system.ancestors} - set(warrant.ancestors)
            or self._clock.now_ms() >= warrant.exp_ms
        ):
            return None
        return Bearer(warrant, system, known, party, spare.ends, held=True, enveloped=True)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(ROUND_S)

    async def once(self) -> None:
        """Take up what is new, renew what is due."""
        served = [copy for copy in self._replica.copies() if copy.node == self._card.node and not copy.ended]
        for gone in self._spares.keys() - {copy.rid for copy in served}:
            del self._spares[gone]
        for copy in served:
            spare = self._spares.get(copy.rid)
            if spare is None:
                await self._take_up(copy)
            elif self._clock.mono_ms() >= spare.due:
                await self._renew(copy.rid, spare)

    async def _take_up(self, copy: Copy) -> None:
        """From the first site whose envelope names it."""
        mono_ms = self._clock.mono_ms()
        if mono_ms < self._tried.get(copy.rid, 0):
            return
        self._tried[copy.rid] = mono_ms + AGAIN_MS
        key = self._keys().get(copy.key)
        if key is None:
            return
        for site, post in self._sites.items():
            try:
                self._may_begin()
                source = OnSite(
                    self._identity(copy, key), (post,), site, wall=self._clock.now_ms, mono=self._clock.mono_ms,
                    knows=self._knows,
                )  # fmt: skip
                leased = await source.next()
                await self._ensure(copy.rid, leased.warrant.grant)
            except AnswerableError as error:
                _log.debug("%s signs nothing for %s: %s", site, copy.id, error.code)
                continue
            spare = self._spares[copy.rid] = _Spare(source)
            self._taken(spare, leased)
            _log.info("%s signs for %s while the control plane is away", site, copy.id)
            return

    async def _renew(self, copy: str, spare: _Spare) -> None:
        try:
            leased = await spare.source.next()
            if spare.leased is None or leased.warrant.grant != spare.leased.warrant.grant:
                self._may_begin()  # another envelope
                await self._ensure(copy, leased.warrant.grant)
                _log.info("%s signs under another envelope", leased.warrant.iss)
            self._taken(spare, leased)
        except Refused as error:
            # A stop, or the end of the envelope: another envelope is taken up anew, under the conditions of a first.
            _log.warning("no warrant on the spot any more for %s: %s", copy, error.code)
            del self._spares[copy]
        except AnswerableError as error:
            _log.debug("no answer on the spot: %s", error.code)
            spare.due = self._clock.mono_ms() + AGAIN_MS

    def _taken(self, spare: _Spare, leased: Leased) -> None:
        spare.leased, spare.due = leased, leased.held.due
        spare.ends = min(leased.held.ends, self._clock.mono_ms() + spare.source.longest_ms())

    def _identity(self, copy: Copy, key: Key) -> Identity:
        card = self._card
        return Identity(
            key=key,
            public=key.public,
            copy=copy.id,
            rid=copy.rid,
            issuer=card.issuer,
            audience=card.audience,
            issuers={card.kid: card.public},
        )


def copy_keys(store: Path, names: tuple[str, ...]) -> dict[str, Key]:
    """Public key -> key, of the copies for which this node holds one: those of models behind an address."""
    found = (copy_key(store, name) for name in names)
    return {b64u(key.public): key for key in found}
