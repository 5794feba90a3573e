# SPDX-License-Identifier: Apache-2.0
"""Registry and stops as one state machine, beside a model that is simple enough to be believed.

No sequence of register, derive, start copy, stop, release, reauthorise, restart and waiting lets a copy of a stopped
lineage act, by a new warrant or an old one; and whoever is not stopped goes on acting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from answerable.admission.admit import admit
from answerable.admission.stopset import StopSet
from answerable.errors import Refused
from answerable.log import statement
from answerable.model.records import System
from answerable.model.terms import AdminRole, OrderKind, Relation, SystemKind
from answerable.model.warrants import Warrant
from answerable.registry import copies, duties, systems
from answerable.registry.requests import EdgeSpec, EndCopy
from answerable.stops import orders, reauthorise
from answerable.stops.planned import Reason
from answerable.warrants.eligible import eligible
from tests.small_registry import ORIGIN, Registry, digest

T = TypeVar("T")

MINUTE = 60_000
AUDIENCE = "spiffe://registry.example/gateway/main"
SINGLE = st.sampled_from([r for r in Relation if r.weights and r is not Relation.MERGE])
WEIGHTS = st.integers(0, 5)  # few different weights, so that the same come back under other names


@dataclass
class Node:
    """A system as the model sees it. exempt: orders whose digests it may hold."""

    parents: frozenset[str]
    digests: frozenset[str]
    dead: bool = False
    exempt: frozenset[str] = frozenset()


@dataclass
class Order:
    """doomed: rids of the systems that it stops; it grows with what is derived from them."""

    root: str
    doomed: set[str]
    digests: frozenset[str]
    until: int
    officers: frozenset[int]
    final: bool = False
    completes: str = ""
    ended: bool = False

    def holds(self, now: int) -> bool:
        return self.final or (not self.ended and (self.until == 0 or now < self.until))


@dataclass
class Model:
    nodes: dict[str, Node] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    def closure(self, root: str) -> tuple[set[str], frozenset[str]]:
        """The root, all that descends from it, all that has the same weights, and so on."""
        doomed, digests = {root}, set(self.nodes[root].digests)
        while True:
            rest = {rid: node for rid, node in self.nodes.items() if rid not in doomed}
            more = {rid for rid, node in rest.items() if node.parents & doomed or node.digests & digests}
            if not more:
                return doomed, frozenset(digests)
            doomed |= more
            for rid in more:
                digests |= self.nodes[rid].digests

    def reaches(self, order: str, node: Node) -> bool:
        """Whether an order would stop a system that is registered only now."""
        known = self.orders[order]
        return bool(node.parents & known.doomed or (node.digests & known.digests and order not in node.exempt))

    def stopped(self, rid: str, now: int) -> bool:
        return self.nodes[rid].dead or any(o.holds(now) and rid in o.doomed for o in self.orders.values())

    def add(self, rid: str, node: Node) -> None:
        for known in self.orders.values():
            if node.parents & known.doomed:
                known.doomed.add(rid)
        self.nodes[rid] = node


class Machine(RuleBasedStateMachine):
    made = Bundle("made")
    running = Bundle("running")
    signed = Bundle("signed")
    exempted = Bundle("exempted")

    @initialize()
    def begin(self) -> None:
        self.registry = Registry()
        self.model = Model()
        self.firm = self.registry.party()
        self.warrants: dict[str, Warrant] = {}
        self.officers = [self.registry.admin(self.registry.person(f"officer {n}"), AdminRole.OFFICER) for n in range(4)]
        self.count = 0

    # -- what people do ------------------------------------------------------------------------------------------------

    @rule(target=made, weights=WEIGHTS)
    def register(self, weights: int) -> Any:
        return self._register((), weights)

    @rule(target=made, parent=made, relation=SINGLE, weights=WEIGHTS)
    def derive(self, parent: str, relation: Relation, weights: int) -> Any:
        return self._register(((parent, relation),), weights)

    @rule(target=made, one=made, two=made, weights=WEIGHTS)
    def merge(self, one: str, two: str, weights: int) -> Any:
        if one == two:
            return multiple()
        return self._register(((one, Relation.MERGE), (two, Relation.MERGE)), weights)

    @rule(target=made, model=made)
    def build_on(self, model: str) -> Any:
        """An application over a model: it loses its model when that is stopped, and is not stopped itself."""
        return self._register(((model, Relation.USES),), None, kind=SystemKind.APPLICATION)

    @rule(target=running, system=made)
    def start(self, system: str) -> Any:
        known = self._system(system)
        rid, code = attempt(lambda: self.registry.copy(known))
        assert code == ("stop.system" if self.model.stopped(system, self.registry.now) else "")
        if rid is None:
            return multiple()
        self.model.copies[rid] = system
        return rid

    @rule(copy=running)
    def end(self, copy: str) -> None:
        if copy not in self.model.ended:
            self.registry.commit(copies.end(self.registry.book, EndCopy(copy=copy), self.registry.now))
            self.model.ended.add(copy)

    @rule(target=signed, root=made, people=st.sets(st.integers(0, 3), min_size=1, max_size=2))
    def suspend(self, root: str, people: set[int]) -> Any:
        reason = Reason.of("because")
        leaf = orders.statement(self.registry.book, kind=OrderKind.SUSPEND, root=root, reason=reason)
        signed = self._signed(leaf, people)
        plan, code = attempt(lambda: orders.suspend(self.registry.book, signed, reason, self.registry.now))
        if plan is None:
            assert (code, len(people)) == ("stop.cap", 1)
            return multiple()
        until = self.registry.now + 15 * MINUTE if len(people) == 1 else 0
        return self._order(plan, root, people, until=until)

    @rule(target=signed, root=made, people=st.sets(st.integers(0, 3), min_size=2, max_size=3))
    def terminate(self, root: str, people: set[int]) -> Any:
        reason = Reason.of("for good")
        leaf = orders.statement(self.registry.book, kind=OrderKind.TERMINATE, root=root, reason=reason)
        plan = orders.terminate(self.registry.book, self._signed(leaf, people), reason, self.registry.now)
        return self._order(plan, root, people, final=True)

    @rule(target=signed, order=signed, person=st.integers(0, 3))
    def complete(self, order: str, person: int) -> Any:
        """One more officer turns a suspension into a termination."""
        known = self.model.orders[order]
        reason = Reason.of("for good")
        leaf = orders.statement(
            self.registry.book, kind=OrderKind.TERMINATE, root=known.root, reason=reason, prev=order
        )
        people = known.officers | {person}
        may = not known.final and known.holds(self.registry.now) and len(people) >= 2
        signed = self._signed(leaf, {person})
        plan, _ = attempt(lambda: orders.terminate(self.registry.book, signed, reason, self.registry.now))
        assert (plan is not None) == may
        if plan is None:
            return multiple()
        return self._order(plan, known.root, people, final=True, completes=order)

    @rule(order=signed, people=st.sets(st.integers(0, 3), min_size=1, max_size=2))
    def release(self, order: str, people: set[int]) -> None:
        known = self.model.orders[order]
        completed = any(other.completes == order for other in self.model.orders.values())
        may = not known.final and known.holds(self.registry.now) and not completed and len(people) == 2
        signed = self._signed(orders.release_statement(order), people)
        plan, _ = attempt(lambda: orders.release(self.registry.book, signed, self.registry.now))
        assert (plan is not None) == may
        if plan is not None:
            self.registry.commit(plan)
            known.ended = True

    @rule(target=exempted, order=signed, people=st.sets(st.integers(0, 3), min_size=2, max_size=2), weights=WEIGHTS)
    def reauthorise(self, order: str, people: set[int], weights: int) -> Any:
        known = self.model.orders[order]
        before = self.model.orders[known.completes].officers if known.completes else frozenset()
        may = known.final and _digest(weights) in known.digests and not people & (known.officers | before)
        leaf, _ = attempt(lambda: reauthorise.statement(self.registry.book, order=order, digests=(_digest(weights),)))
        signed = self._signed(leaf, people) if leaf is not None else None
        plan, _ = attempt(lambda: signed and reauthorise.reauthorise(self.registry.book, signed, self.registry.now))
        assert (plan is not None) == may
        if plan is None or leaf is None:
            return multiple()
        self.registry.commit(plan)
        return leaf.id, order, weights

    @rule(target=made, exemption=exempted, parents=st.lists(made, max_size=1))
    def register_reauthorised(self, exemption: tuple[str, str, int], parents: list[str]) -> Any:
        new, order, weights = exemption
        known = self.model.orders[order]
        if self.registry.book.system(new) is not None:
            return multiple()
        edges = tuple((parent, Relation.FINETUNE) for parent in parents)
        return self._register(edges, weights, new=new, exempt=frozenset({order, known.completes} - {""}))

    @rule(parent=made, root=made, weights=WEIGHTS)
    def stop_that_overtakes(self, parent: str, root: str, weights: int) -> None:
        """A registration and a copy are prepared, then a stop is written first: neither gets through as it was."""
        request = self._request(((parent, Relation.COPY),), weights)
        prepared = [systems.register(self.registry.book, request, self.registry.now)]
        if not self.model.stopped(parent, self.registry.now):
            starting = self.registry.starting(self._system(parent))
            prepared.append(copies.start(self.registry.book, starting, self.registry.now))  # type: ignore[arg-type]
        self.terminate(root, {0, 1})
        for plan in prepared:
            unit = plan.unit
            _, code = attempt(lambda unit=unit: self.registry.write(unit))
            assert code == "log.conflict"

    @rule(minutes=st.integers(1, 40))
    def wait(self, minutes: int) -> None:
        self.registry.now += minutes * MINUTE

    @rule()
    def restart(self) -> None:
        self.registry.book = self.registry.reload()

    # -- what must hold ------------------------------------------------------------------------------------------------

    @invariant()
    def a_copy_acts_exactly_where_nothing_stops_it(self) -> None:
        stops = StopSet.of(self.registry.book.stops(), self.registry.book.epoch)
        for copy, system in self.model.copies.items():
            stopped = self.model.stopped(system, self.registry.now)
            assert self._acts(copy, stops) == (not stopped and copy not in self.model.ended), copy
            old = self.warrants.get(copy)
            if old is not None and stopped:
                assert not _admitted(old, stops, self.registry.now), "a warrant from before the stop"

    @invariant()
    def nothing_is_ever_un_stopped(self) -> None:
        for order in self.model.orders.values():
            if order.final:
                assert all(self.model.stopped(rid, self.registry.now) for rid in order.doomed)
        for rid, node in self.model.nodes.items():
            assert bool(self._system(rid).dead) == node.dead

    # -- how -----------------------------------------------------------------------------------------------------------

    def _system(self, rid: str) -> System:
        found = self.registry.book.system(rid)
        assert found is not None
        return found

    def _request(self, edges: tuple[tuple[str, Relation], ...], weights: int | None, **changes: Any) -> Any:
        self.count += 1
        request = self.registry.request(self.firm, f"system {self.count}", **changes)
        return msgspec.structs.replace(
            request,
            edges=tuple(EdgeSpec(parent=parent, relation=relation) for parent, relation in edges),
            digests=() if weights is None else (_digest(weights),),
        )

    def _register(
        self,
        edges: tuple[tuple[str, Relation], ...],
        weights: int | None,
        *,
        new: str = "",
        exempt: frozenset[str] = frozenset(),
        **changes: Any,
    ) -> Any:
        node = Node(
            frozenset(parent for parent, relation in edges if relation.weights),
            frozenset() if weights is None else frozenset({_digest(weights)}),
            exempt=exempt,
        )
        now = self.registry.now
        doomed = any(o.holds(now) and self.model.reaches(rid, node) for rid, o in self.model.orders.items())
        doomed = doomed or any(self.model.nodes[parent].dead for parent in node.parents)
        request = self._request(edges, weights, reauthorises=new, **changes)
        plan, code = attempt(lambda: systems.register(self.registry.book, request, now))
        assert code == ("stop.system" if new and doomed else "")
        if plan is None:
            return multiple()
        node.dead = plan.refusal is not None
        assert node.dead == doomed
        self.registry.write(plan.unit)
        self.model.add(plan.rid, node)
        return plan.rid

    def _signed(self, leaf: Any, people: set[int]) -> Any:
        sigs = [statement.sign(leaf, ORIGIN, *self.officers[n]) for n in sorted(people)]
        return msgspec.structs.replace(leaf, sigs=sigs)

    def _order(self, plan: Any, root: str, people: Any, **changes: Any) -> str:
        doomed, digests = self.model.closure(root)
        self.registry.commit(plan)
        order = Order(root, doomed, digests, changes.pop("until", 0), frozenset(people), **changes)
        self.model.orders[plan.rid] = order
        return str(plan.rid)

    def _acts(self, copy: str, stops: StopSet) -> bool:
        book, now = self.registry.book, self.registry.now
        base, _ = attempt(
            lambda: eligible(book, stops, copy, lapsed=lambda system: duties.lapsed(book, system), now_ms=now)
        )
        if base is None:
            return False
        warrant = Warrant(
            iss=ORIGIN, aud=AUDIENCE, copy=base.copy.id, copy_rid=base.copy.rid, system=base.system.id,
            party=base.party.rid, grant="g" * 32, ancestors=base.numbers, iat_ms=now, exp_ms=now + 10**9, jti="j",
            seq=1, nonce="n", epoch=stops.epoch, key=base.copy.key, worlds=base.system.worlds,
            max_criticality=base.system.criticality, tier=base.system.tier, audience=base.system.audience,
        )  # fmt: skip
        self.warrants[copy] = warrant
        return _admitted(warrant, stops, now)


def _admitted(warrant: Warrant, stops: StopSet, now: int) -> bool:
    _, code = attempt(
        lambda: admit(warrant, now_ms=now, mono_ms=0, deadline_mono_ms=10**12, stops=stops, audience=AUDIENCE)
    )
    assert code in ("", "stop.system")
    return not code


def attempt(what: Callable[[], T]) -> tuple[T | None, str]:
    """Its result, or the code with which it was refused."""
    try:
        return what(), ""
    except Refused as error:
        return None, error.code


def _digest(weights: int) -> str:
    return digest(f"weights {weights}")


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_a_fixed_story() -> None:
    """The machine's rules once by hand, so that a slip in the machine itself shows."""
    machine = Machine()
    machine.begin()
    base = machine.register(0)
    child = machine.derive(base, Relation.QUANTIZED, 1)
    twin = machine.register(1)
    app = machine.build_on(child)
    other = machine.register(2)
    copies_of = {rid: machine.start(rid) for rid in (base, child, twin, app, other)}
    machine.a_copy_acts_exactly_where_nothing_stops_it()
    order = machine.suspend(base, {0})
    now = {rid: machine.model.stopped(rid, machine.registry.now) for rid in copies_of}
    assert now == {base: True, child: True, twin: True, app: False, other: False}
    machine.a_copy_acts_exactly_where_nothing_stops_it()
    machine.wait(15)
    assert not machine.model.stopped(base, machine.registry.now)
    machine.a_copy_acts_exactly_where_nothing_stops_it()
    order = machine.complete(machine.suspend(base, {0}), 1)
    machine.restart()
    dead = machine.register(1)
    assert machine.model.nodes[dead].dead
    exemption = machine.reauthorise(order, {2, 3}, 0)
    new = machine.register_reauthorised(exemption, [])
    assert not machine.model.stopped(new, machine.registry.now)
    machine.model.copies[machine.start(new)] = new
    machine.stop_that_overtakes(other, new, 3)
    machine.a_copy_acts_exactly_where_nothing_stops_it()
    machine.nothing_is_ever_un_stopped()
