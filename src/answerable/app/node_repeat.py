# SPDX-License-Identifier: Apache-2.0
"""A node's log repeats, byte for byte, the registrations that its records lead to: warrant, copy, system, parties.

A record id is the digest of a leaf, so these are the same leaves as in the control plane's log, and a receipt from the
node's log is whole: it says who answers without asking anybody. They are written before the first record that names
them; where they cannot be had, there is no record and so no action.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from answerable.app.core import Core
from answerable.errors import AnswerableError, VerificationError
from answerable.log import leaf as leaves
from answerable.log.commitment import SALT_LENGTH, check
from answerable.model.leaves import Leaf, PartyLeaf, SystemLeaf
from answerable.model.records import Copy
from answerable.model.units import Effect, Payload, Unit
from answerable.model.warrants import Bearer, Credential, Horizon
from answerable.ports import Desk, Directory
from answerable.registry.book import Book
from answerable.sequencer.replay import Replay

# Kinds that a record leads to.
REPEATED: Final = frozenset({"party", "system", "copy", "warrant"})
Carried = tuple[bytes, bytes, bytes]  # leaf, salt, name
Fetch = Callable[[str, str], Awaitable[list[Carried]]]
_log: Final = logging.getLogger("answerable.node")


class Repeater:
    """core: the node's own; directory: the replica; fetch: (copy, grant) -> what is to be repeated, the older first."""

    def __init__(self, core: Core, directory: Directory, fetch: Fetch) -> None:
        self._core = core
        self._directory = directory
        self._fetch = fetch
        self._names: dict[str, str] = {}
        self._replay = Replay(core.origin, lambda rid, _group: self._names.get(rid), _nothing)
        self._replay.book = Book.load(core.book.domain, core.book.rows)
        self.whole: dict[str, str] = {}  # grant -> copy, of those that all is repeated for
        self._one = asyncio.Lock()

    async def ensure(self, copy: str, grant: str) -> None:
        """Return when all that a record under `grant` leads to stands in this log. Raises as `fetch`, and Unavailable
        ``log.*``."""
        if grant in self.whole:
            return
        async with self._one:
            if grant in self.whole:
                return
            if await self._core.reader.find(grant) is None:
                await self._repeat(await self._fetch(copy, grant))
            self.whole[grant] = copy

    async def refresh(self, changed: Iterable[str]) -> None:
        """Parties of these rids changed: what changed their standing is repeated too. What cannot be had now is had
        the next time."""
        rids = set(changed)
        # Of each copy the newest grant: the others lead to the same parties.
        for rid, grant in {rid: grant for grant, rid in self.whole.items()}.items():
            copy = self._directory.copy(rid)
            system = self._directory.system(copy.system) if copy is not None else None
            if system is None or not any(entry.party in rids for entry in system.parties):
                continue
            try:
                carried = await self._fetch(rid, grant)  # whoever waits for a first grant need not wait for this
                async with self._one:
                    await self._repeat(carried)
            except AnswerableError as error:
                _log.warning("the leaves behind %s are not repeated: %s", grant, error.code)
                self.whole.pop(grant, None)

    async def _repeat(self, carried: list[Carried]) -> None:
        fresh: list[bytes] = []
        effects: list[Effect] = []
        payloads: list[Payload] = []
        for data, salt, name in carried:
            rid = leaves.rid(data)
            if await self._core.reader.find(rid) is not None:
                continue
            decoded = leaves.decode(data)
            if decoded.k not in REPEATED:
                raise VerificationError("node.answer", detail=f"a leaf of kind {decoded.k}")
            if payload := _payload(rid, decoded, salt, name):
                self._names[rid] = name.decode("utf-8", "replace")
                payloads.append(payload)
            fresh.append(data)
            try:
                effects += self._replay.take(decoded, rid)
            except LookupError as error:
                raise VerificationError("node.answer", detail=f"leaves that do not follow: {error}") from None
        if fresh:
            await self._core.ledger.commit(Unit(leaves=tuple(fresh), effects=tuple(effects), payloads=tuple(payloads)))
        self._names.clear()


def _payload(rid: str, leaf: Leaf, salt: bytes, name: bytes) -> Payload | None:
    """The name behind the leaf's commitment, if it is that."""
    committed = leaf.c.name if isinstance(leaf, (PartyLeaf, SystemLeaf)) else None
    if not isinstance(committed, str) or len(salt) != SALT_LENGTH or not name:
        return None
    try:
        check(committed, "name", salt, name)
    except VerificationError:
        return None
    return Payload(rid=rid, group="name", salt=salt, body=name)


def _nothing(_rid: str) -> None:
    return None


class RepeatingDesk:
    """`ports.Desk` of a node: nobody is recognised before all that a record of theirs leads to stands in this log."""

    def __init__(self, desk: Desk, repeater: Repeater) -> None:
        self._desk = desk
        self._repeater = repeater

    async def present(self, credential: Credential) -> Bearer:
        """As `Desk.present`; raises as `Repeater.ensure` too."""
        return await self._whole(await self._desk.present(credential))

    async def still(self, credential: Credential, bearer: Bearer) -> Bearer:
        return await self._whole(await self._desk.still(credential, bearer))

    def horizon(self, credential: Credential, caller: Bearer, model: Bearer) -> Horizon | None:
        return self._desk.horizon(credential, caller, model)

    async def own(self, copy: Copy) -> Bearer:
        return await self._whole(await self._desk.own(copy))

    async def _whole(self, bearer: Bearer) -> Bearer:
        if bearer.warrant.grant not in self._repeater.whole:
            await self._repeater.ensure(bearer.copy.rid, bearer.warrant.grant)
        return bearer
