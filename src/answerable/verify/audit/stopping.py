# SPDX-License-Identifier: Apache-2.0
"""Which stop orders stand, by the leaves: the same set that admission uses, made from what anyone can read."""

from __future__ import annotations

from msgspec import UNSET, structs

from answerable.admission.bound import bound_of
from answerable.admission.stopset import StopSet
from answerable.admission.ttl import LifeClass, life_class
from answerable.model.leaves import OrderLeaf
from answerable.model.records import Stop
from answerable.model.terms import Criticality, Scope, World
from answerable.verify.audit.facts import CopyFact, KeyFact, Memory, OrderFact, SystemFact


class Stops:
    """Kept in step by `order` and `release`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._at: dict[str, int] = {}
        self._renew()

    def order(self, rid: str, index: int, leaf: OrderLeaf) -> None:
        root: SystemFact | None = self._memory.get("system", leaf.root) if leaf.scope in _OF_SYSTEMS else None
        fact = OrderFact(
            index=index,
            kind=leaf.kind,
            scope=leaf.scope,
            root=leaf.root,
            at=leaf.t,
            until=0 if leaf.until is UNSET else leaf.until,
            num=root.num if root else 0,
            twins=self._twins(root, leaf.scope) if root and not self._alone(leaf) else (),
            escalates="" if leaf.prev is UNSET else leaf.prev,
        )
        self._memory.put("order", rid, fact)
        self._renew()

    def release(self, order: str, rid: str) -> None:
        fact: OrderFact | None = self._memory.get("order", order)
        if fact is not None:
            self._memory.put("order", order, structs.replace(fact, released=rid))
            self._renew()

    def reaching(self, system: SystemFact, copy: str, party: str, t: int) -> str:
        """rid of an order that stands at `t` (ms UTC) and reaches the system, its copy or a party of it, or ""."""
        if system.dead:
            return system.dead
        if self._set.quiet:
            return ""
        worlds: tuple[World, ...] = tuple(
            World(world) for world in system.worlds if world in World.__members__.values()
        )
        order = self._set.blocks(copy=copy or "-", numbers=system.numbers, party=party, worlds=worlds, now_ms=t)
        return order or self._set.blocks_parties((rid for _, rid in system.roles), t)

    def long_since(self, order: str, system: SystemFact, t: int) -> bool:
        """Whether at `t` the order had stood for longer than the bound of that system's class (`admission.bound`)."""
        return t > self._at.get(order, t) + bound_ms(system)

    def _renew(self) -> None:
        stops: list[Stop] = []
        for rid, fact in self._memory.all("order"):
            self._at[rid] = fact.at
            stops.append(
                Stop(
                    rid=rid,
                    kind=fact.kind,
                    scope=fact.scope,
                    root=fact.root,
                    num=fact.num,
                    digests=(),
                    twins=fact.twins,
                    at=fact.at,
                    until=fact.until,
                    reason="",
                    officers=(),
                    escalates=fact.escalates,
                    released=fact.released,
                )
            )
        self._set = StopSet.of(stops)

    def _alone(self, leaf: OrderLeaf) -> bool:
        """Whether owners, or a detector, gave it: then it reaches nothing beyond what it names."""
        keys: list[KeyFact | None] = [self._memory.get("key", sig.key) for sig in leaf.sigs]
        return bool(keys) and all(key is not None and key.use in _NARROW for key in keys)

    def _twins(self, root: SystemFact, scope: str) -> tuple[int, ...]:
        """Numbers of systems that hold the digests of what is reached, until none is added (`stops.closure`)."""
        every = [fact for _, fact in self._memory.all("system")]
        reached = {root.num}
        while True:
            size = len(reached)
            if scope == Scope.LINEAGE:
                reached |= {fact.num for fact in every if reached & set(fact.numbers)}
            digests = {digest for fact in every if fact.num in reached for digest in fact.digests}
            reached |= {fact.num for fact in every if digests & set(fact.digests)}
            if len(reached) == size:
                break
        own = {fact.num for fact in every if scope == Scope.LINEAGE and root.num in fact.numbers} | {root.num}
        return tuple(sorted(reached - own))


_NARROW = frozenset({"party", "detector"})
_OF_SYSTEMS = (Scope.SYSTEM.value, Scope.LINEAGE.value)


def life_ms(tier: int, worlds: tuple[str, ...], crit: str) -> int:
    """How long a warrant of this class may live, ms."""
    return _class(tier, worlds, crit).max_ms


def bound_ms(system: SystemFact) -> int:
    """How long after an order the last effect of such a system may come, ms."""
    return bound_of(_class(system.tier, system.worlds, system.crit), longest=True).effects


def _class(tier: int, worlds: tuple[str, ...], crit: str) -> LifeClass:
    known = [World(world) for world in worlds if world in World.__members__.values()]
    grave = Criticality(crit) if crit in Criticality.__members__.values() else Criticality.CRITICAL
    return life_class(tier, known, grave)


def copy_ended(copy: CopyFact | None, index: int) -> bool:
    """Whether the copy had ended before leaf `index`."""
    return copy is not None and 0 < copy.end < index
