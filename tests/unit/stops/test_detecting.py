# SPDX-License-Identifier: Apache-2.0
"""A detector's order: one copy or one system, nothing beside it; it lapses as a lone officer's, and is no quorum."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.admission.stopset import StopSet
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log.leaf import encode, rid
from answerable.model.leaves import KeyLeaf
from answerable.model.records import Stop
from answerable.model.terms import OrderKind, Relation, Scope
from answerable.model.units import Lane, Put, Space, Unit
from answerable.stops import detecting
from answerable.stops.orders import DAY_MS, LONE_SUSPENSIONS_A_DAY
from answerable.stops.planned import Planned, Reason
from answerable.stops.preview import LONE_SUSPENSION_MS
from tests.small_redlines import ORIGIN, Place, place
from tests.small_registry import digest

WHY = Reason.of("RL1d weights.egress: red")


class Detector:
    def __init__(self, here: Place) -> None:
        self.here, self.key = here, Key.generate()
        leaf = encode(KeyLeaf(n=nonce(), own=ORIGIN, pub=b64u(self.key.public), t=here.now, use=detecting.USE))
        here.registry.write(Unit((leaf,), (Put(Space.MISC, detecting.USE, rid(leaf).encode()),)))

    def plan(
        self, root: str, scope: Scope = Scope.COPY, kind: OrderKind = OrderKind.SUSPEND, **more: Any
    ) -> Planned[Stop]:
        leaf = detecting.statement(self.here.book, kind=kind, root=root, scope=scope, reason=WHY, signer=self.key)
        changed = msgspec.structs.replace(leaf, **more.pop("leaf", {}))
        given = {"public": self.key.public} | more
        return detecting.order(self.here.book, changed, WHY, self.here.now, **given)

    def give(self, root: str, scope: Scope = Scope.COPY, **more: Any) -> Stop:
        planned = self.plan(root, scope, **more)
        self.here.registry.commit(planned)
        return planned.row

    def code(self, *args: Any, **more: Any) -> str:
        with pytest.raises(Refused) as caught:
            self.plan(*args, **more)
        return caught.value.code


@pytest.fixture
def detector() -> Detector:
    return Detector(place())


def reaches(detector: Detector, system: Any, copy: str = "-") -> bool:
    here = detector.here
    stops = StopSet.of(here.book.stops())
    numbers = (*system.ancestors, system.num)
    found = stops.blocks(
        copy=copy, numbers=numbers, party=system.parties[0].party, worlds=system.worlds, now_ms=here.now
    )
    return bool(found or stops.blocks_digests(system.digests, here.now))


def test_one_copy_and_no_other(detector: Detector) -> None:
    here = detector.here
    second = here.registry.copy(here.victim)
    stop = detector.give(here.copy.rid)
    assert (stop.scope, stop.num, stop.twins, stop.digests) == ("copy", 0, (), ())
    assert reaches(detector, here.victim, here.copy.rid)
    assert not reaches(detector, here.victim, second)
    assert detector.plan(here.other.rid).unit.lane is Lane.STOP


def test_one_system_and_nothing_that_descends_from_it_or_holds_its_weights(detector: Detector) -> None:
    here = detector.here
    party = here.registry.party("A third", vouched=True)
    twin = here.registry.system(party, "twin", digests=(digest("victim"),))
    child = here.registry.system(party, "child", edges=((here.victim, Relation.FINETUNE),))
    detector.give(here.victim.rid, Scope.SYSTEM)
    assert reaches(detector, here.victim)
    assert not reaches(detector, twin), "other parties hold the same weights, and did nothing"
    assert not reaches(detector, child)
    assert not reaches(detector, here.agent)


@pytest.mark.parametrize("scope", [Scope.LINEAGE, Scope.PARTY, Scope.WORLD, Scope.ALL])
def test_it_reaches_nothing_wider(detector: Detector, scope: Scope) -> None:
    root = {Scope.WORLD: "information", Scope.ALL: ""}.get(scope, detector.here.victim.rid)
    assert detector.code(root, scope) == "stop.malformed"


def test_it_lapses_where_one_officers_would(detector: Detector) -> None:
    here = detector.here
    assert detector.give(here.copy.rid).until == here.now + LONE_SUSPENSION_MS
    assert detector.give(here.grave.rid, Scope.SYSTEM).until == 0, "it stays until two people release it"


def test_so_many_times_a_day(detector: Detector) -> None:
    here = detector.here
    for _ in range(LONE_SUSPENSIONS_A_DAY):
        detector.give(here.copy.rid)
        here.registry.now += LONE_SUSPENSION_MS
    assert detector.code(here.copy.rid) == "stop.cap"
    here.registry.now += DAY_MS
    detector.give(here.copy.rid)


def test_what_an_officer_spent_upon_a_root_does_not_blind_the_detector(detector: Detector) -> None:
    here = detector.here
    row = detector.give(here.copy.rid)
    for number in range(LONE_SUSPENSIONS_A_DAY):
        theirs = msgspec.structs.replace(row, rid=f"{number}".rjust(32, "o"), officers=("o" * 32,))
        filler = encode(KeyLeaf(n=nonce(), own=ORIGIN, pub=b64u(detector.key.public), t=here.now, use="x"))
        put = Put(Space.STOPS, theirs.rid, msgspec.json.encode(theirs))
        here.registry.write(Unit((filler,), (put,)))
    detector.give(here.copy.rid)


def test_it_terminates_where_it_is_let(detector: Detector) -> None:
    here = detector.here
    assert detector.code(here.copy.rid, kind=OrderKind.TERMINATE) == "stop.officers"
    stop = detector.give(here.copy.rid, kind=OrderKind.TERMINATE, terminates=True)
    assert (stop.kind, stop.until) == ("terminate", 0)


def test_its_key_and_no_other(detector: Detector) -> None:
    here = detector.here
    assert detector.code(here.copy.rid, public=Key.generate().public) == "stop.signature"
    plain = detecting.statement(
        here.book, kind=OrderKind.SUSPEND, root=here.copy.rid, scope=Scope.COPY, reason=WHY, signer=detector.key
    )
    officer = msgspec.structs.replace(plain.sigs[0], key=here.officer[1])
    assert detector.code(here.copy.rid, leaf={"sigs": [officer]}) == "stop.not_officer"
    assert detector.code(here.copy.rid, leaf={"sigs": []}) == "stop.not_officer"
    assert detector.code(here.copy.rid, leaf={"n": nonce()}) == "stop.signature"
    assert detector.code(here.copy.rid, leaf={"prev": "a" * 32}) == "stop.malformed"


def test_a_root_that_is_not_there_or_is_named(detector: Detector) -> None:
    assert detector.code("a" * 32) == "stop.root_unknown"
    assert detector.code("victim", Scope.SYSTEM) == "stop.malformed"


def test_its_key_counts_for_no_quorum(detector: Detector) -> None:
    """A termination on top of it still needs the officers."""
    from answerable.log.statement import sign
    from answerable.stops import orders

    here = detector.here
    stop = detector.give(here.victim.rid, Scope.SYSTEM)
    leaf = orders.statement(
        here.book, kind=OrderKind.TERMINATE, root=here.victim.rid, scope=Scope.SYSTEM, reason=WHY, prev=stop.rid
    )
    key, kid = here.officer
    signed = msgspec.structs.replace(leaf, sigs=[sign(leaf, ORIGIN, key, kid)])
    with pytest.raises(Refused) as caught:
        orders.terminate(here.book, signed, WHY, here.now)
    assert caught.value.code == "stop.officers"
