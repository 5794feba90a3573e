# SPDX-License-Identifier: Apache-2.0
"""The invariant of the canary's key: it stops the canary alone, and only one that nobody could miss."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log.leaf import decode, encode, rid
from answerable.log.statement import sign as signed
from answerable.model.leaves import KeyLeaf, OrderLeaf
from answerable.model.records import System
from answerable.model.terms import OrderKind, Relation, Role, Scope, SystemKind
from answerable.model.units import Lane, Put, Space, Unit
from answerable.registry import systems
from answerable.registry.requests import ComputeSpec, PartySpec, RegisterSystem
from answerable.stops import drills, orders
from answerable.stops.planned import Reason
from tests.small_registry import ORIGIN, Registry, digest

WHY = Reason.of("canary")


class Canary:
    def __init__(self) -> None:
        self.registry, self.key = Registry(), Key.generate()
        self.party = self.registry.party()
        self.registry.system(self.party, "other")
        leaf = encode(KeyLeaf(n=nonce(), own=ORIGIN, pub=b64u(self.key.public), t=self.registry.now, use=drills.USE))
        self.registry.write(Unit((leaf,), (Put(Space.MISC, drills.USE, rid(leaf).encode()),)))

    def bird(self, **changes: Any) -> System:
        """A canary is registered, and named as such."""
        request = RegisterSystem(
            name=drills.NAME,
            version="1",
            kind=SystemKind.APPLICATION,
            parties=(PartySpec(party=self.party.rid, role=Role.DEPLOYER),),
            capabilities=("text",),
            licence="none",
        )
        made = self.registry.commit(
            systems.register(self.registry.book, msgspec.structs.replace(request, **changes), self.registry.now)
        )
        self.registry.write(Unit(effects=(Put(Space.MISC, drills.SYSTEM, made.encode()),)))
        found = self.registry.book.system(made)
        assert found is not None
        return found

    def plan(self, root: str, key: Key | None = None, **changes: Any) -> Any:
        book = self.registry.book
        leaf = drills.statement(book, root=root, reason=WHY, signer=key or self.key)
        if changes:
            leaf = msgspec.structs.replace(leaf, sigs=[], **changes)
            leaf = msgspec.structs.replace(leaf, sigs=[signed(leaf, ORIGIN, key or self.key, drills.key_of(book))])
        return drills.order(book, leaf, WHY, self.registry.now, public=self.key.public)

    def code(self, root: str, **changes: Any) -> str:
        with pytest.raises(Refused) as caught:
            self.plan(root, **changes)
        return caught.value.code


def test_the_canary_is_terminated_by_its_own_key_and_replaced() -> None:
    here = Canary()
    bird = here.bird()
    planned = here.plan(bird.rid)
    assert planned.unit.lane is Lane.STOP
    here.registry.commit(planned)
    (stop,) = here.registry.book.stops()
    assert (stop.root, stop.num, stop.kind, stop.scope, stop.twins, stop.digests) == (
        bird.rid, bird.num, OrderKind.TERMINATE, Scope.SYSTEM, (), (),
    )  # fmt: skip
    assert stop.officers == (drills.key_of(here.registry.book),)
    again = here.bird()
    assert again.rid != bird.rid
    assert not again.dead, "a fresh registration"
    assert here.code(bird.rid) == "drill.canary"


def test_it_orders_nothing_else() -> None:
    here = Canary()
    bird = here.bird()
    other = here.registry.book.system("other")
    assert other is not None
    assert here.code(other.rid) == "drill.canary"
    assert here.code(here.party.rid, scope=Scope.PARTY.value) == "drill.canary"
    assert here.code("", scope=Scope.ALL.value) == "drill.canary"
    assert here.code("information", scope=Scope.WORLD.value) == "drill.canary"
    assert here.code(bird.rid, scope=Scope.LINEAGE.value) == "drill.canary"
    assert here.code(bird.rid, kind=OrderKind.SUSPEND.value) == "drill.canary"
    assert here.code(bird.rid, prev="a" * 32) == "drill.canary"
    assert here.code(bird.rid, key=Key.generate()) == "stop.signature"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a system that somebody uses"},
        {"kind": SystemKind.AGENT},
        {"digests": (digest("an image"),)},
        {"compute": ComputeSpec(petaflop=1)},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_what_somebody_could_miss_is_no_canary_whatever_the_registry_calls_it(changes: dict[str, Any]) -> None:
    here = Canary()
    assert here.code(here.bird(**changes).rid) == "drill.canary"


@pytest.mark.parametrize("relation", [Relation.USES, Relation.FINETUNE])
def test_a_canary_that_something_rests_on_is_not_stopped(relation: Relation) -> None:
    here = Canary()
    bird = here.bird()
    kind = SystemKind.APPLICATION if relation is Relation.USES else SystemKind.MODEL
    here.registry.commit(
        systems.register(
            here.registry.book,
            here.registry.request(here.party, "clever", kind=kind, edges=[(bird, relation)]),
            here.registry.now,
        )
    )
    assert here.code(bird.rid) == "drill.canary"
    assert not tuple(here.registry.book.stops())


def test_its_key_is_no_officers() -> None:
    """Under an officers' order it counts for nothing, and there is no quorum with it."""
    here = Canary()
    other = here.registry.book.system("other")
    assert other is not None
    book = here.registry.book
    for kind, plan in ((OrderKind.SUSPEND, orders.suspend), (OrderKind.TERMINATE, orders.terminate)):
        leaf = orders.statement(book, kind=kind, root=other.rid, reason=WHY)
        leaf = msgspec.structs.replace(leaf, sigs=[signed(leaf, ORIGIN, here.key, drills.key_of(book))])
        with pytest.raises(Refused, match=r"stop\.(not_officer|officers)"):
            plan(book, leaf, WHY, here.registry.now)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scope=st.sampled_from([*Scope]), kind=st.sampled_from([*OrderKind]), which=st.integers(0, 4), own=st.booleans())
def test_property_whatever_it_signs_reaches_the_canary_or_nobody(
    scope: Scope, kind: OrderKind, which: int, own: bool
) -> None:
    here = Canary()
    bird = here.bird()
    other = here.registry.book.system("other")
    assert other is not None
    root = [bird.rid, other.rid, here.party.rid, "information", ""][which]
    try:
        planned = here.plan(root, key=None if own else Key.generate(), scope=scope.value, kind=kind.value)
    except Refused:
        return
    leaf = decode(planned.unit.leaves[0])
    assert isinstance(leaf, OrderLeaf)
    assert (leaf.root, leaf.scope, own) == (bird.rid, Scope.SYSTEM, True)
    assert (planned.row.num, planned.row.twins, planned.row.digests) == (bird.num, (), ())
