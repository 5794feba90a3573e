# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.admission.stopset import StopSet
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.model.leaves import OrderLeaf
from answerable.model.records import Admin, Stop
from answerable.model.terms import OrderKind, Relation, Scope, World
from answerable.model.units import Lane, Space
from answerable.registry import stopped
from answerable.stops.closure import reached, summary
from answerable.stops.orders import (
    DAY_MS,
    LONE_SUSPENSIONS_A_DAY,
    find,
    inline,
    release,
    release_statement,
    staged_from,
    statement,
    suspend,
    terminate,
)
from answerable.stops.planned import Planned, Reason
from answerable.stops.preview import LONE_SUSPENSION_MS, PAUSE_MS
from tests.fleet import Fleet, a_rid, sha

WHY = Reason.of("it lied", salted=bytes(32))


def order(fleet: Fleet, *officers: Admin, kind: OrderKind, root: str = "base", **more: Any) -> OrderLeaf:
    leaf = statement(fleet.book, kind=kind, root=root, reason=WHY, **more)
    return fleet.sign(leaf, *officers)  # type: ignore[return-value]


def suspended(fleet: Fleet, *officers: Admin, root: str = "base", **more: Any) -> Stop:
    planned = suspend(
        fleet.book, order(fleet, *officers, kind=OrderKind.SUSPEND, root=root, **more), WHY, fleet.clock.now
    )
    return kept(fleet, planned)


def kept(fleet: Fleet, planned: Planned) -> Stop:
    fleet.ledger.write(planned.unit)
    assert isinstance(planned.row, Stop)
    assert find(fleet.book, planned.row.rid) == planned.row
    return planned.row


def terminated(fleet: Fleet, *officers: Admin, prev: str = "", root: str = "base", **more: Any) -> Stop:
    leaf = order(fleet, *officers, kind=OrderKind.TERMINATE, prev=prev, root=root, **more)
    return kept(fleet, terminate(fleet.book, leaf, WHY, fleet.clock.now))


def code(call: Any) -> str:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code


def blocked(fleet: Fleet, name: str) -> str:
    system = fleet.book.system(name)
    assert system is not None
    return StopSet.of(fleet.book.stops()).blocks(
        copy=fleet.copies[name].rid if name in fleet.copies else "-",
        numbers=(*system.ancestors, system.num),
        party=system.parties[0].party,
        worlds=system.worlds,
        now_ms=fleet.clock.now,
    )


def test_one_officer_suspends_at_once_and_it_lapses() -> None:
    fleet = Fleet()
    stop = suspended(fleet, fleet.officers[0])
    assert stop.until == fleet.clock.now + LONE_SUSPENSION_MS
    assert [name for name in fleet.copies if blocked(fleet, name)] == ["base", "quant", "tuned"]
    fleet.clock.pass_ms(LONE_SUSPENSION_MS)
    assert not blocked(fleet, "base")


def test_a_suspension_by_two_or_of_weighty_systems_stays() -> None:
    fleet = Fleet()
    assert suspended(fleet, *fleet.officers[:2]).until == 0
    fleet.system("systemic", tier=2)
    assert suspended(fleet, fleet.officers[0], root="systemic").until == 0


def test_the_second_officer_terminates_and_it_is_latched() -> None:
    fleet = Fleet()
    ann, bo = fleet.officers[:2]
    first = suspended(fleet, ann)
    stop = terminated(fleet, bo, prev=first.rid)
    assert (stop.kind, stop.escalates, stop.until, stop.officers) == ("terminate", first.rid, 0, (bo.rid,))
    fleet.clock.pass_ms(10 * 365 * 86_400_000)
    assert blocked(fleet, "tuned") == stop.rid
    assert not blocked(fleet, "other")
    assert not blocked(fleet, "app")
    # What comes from it later is stopped by its number, at any depth.
    fleet.system("late", parents=((fleet.tuned, Relation.DISTILLED),))
    assert blocked(fleet, "late") == stop.rid


def test_two_terminate_without_a_suspension_before() -> None:
    fleet = Fleet()
    assert terminated(fleet, *fleet.officers[:2]).escalates == ""


def test_one_person_never_terminates_alone() -> None:
    fleet = Fleet()
    ann = fleet.officers[0]
    again = fleet.person("ann-2", of="ann")
    alone = order(fleet, ann, again, kind=OrderKind.TERMINATE)
    assert code(lambda: terminate(fleet.book, alone, WHY, fleet.clock.now)) == "stop.officers"
    first = suspended(fleet, ann)
    for officer in (ann, again):
        leaf = order(fleet, officer, kind=OrderKind.TERMINATE, prev=first.rid)
        with pytest.raises(Refused) as refusal:
            terminate(fleet.book, leaf, WHY, fleet.clock.now)
        assert refusal.value.params == {"need": 2, "have": 1}


def test_who_left_office_no_longer_counts() -> None:
    fleet = Fleet()
    ann, bo = fleet.officers[:2]
    first = suspended(fleet, ann)

    fleet.put(Space.ADMINS, ann.rid, msgspec.json.encode(msgspec.structs.replace(ann, ended=1)))
    leaf = order(fleet, bo, kind=OrderKind.TERMINATE, prev=first.rid)
    assert code(lambda: terminate(fleet.book, leaf, WHY, fleet.clock.now)) == "stop.officers"


def test_a_grave_order_needs_three_and_its_count() -> None:
    fleet = Fleet()
    robot = fleet.system("robot", worlds=(World.PHYSICAL,))
    fleet.copy(robot)
    two = order(fleet, *fleet.officers[:2], kind=OrderKind.TERMINATE, root="robot")
    assert code(lambda: terminate(fleet.book, two, WHY, fleet.clock.now)) == "stop.officers"
    three = order(fleet, *fleet.officers[:3], kind=OrderKind.TERMINATE, root="robot")
    assert code(lambda: terminate(fleet.book, three, WHY, fleet.clock.now)) == "stop.count"
    assert code(lambda: terminate(fleet.book, three, WHY, fleet.clock.now, count=2)) == "stop.count"
    kept(fleet, terminate(fleet.book, three, WHY, fleet.clock.now, count=1))


def test_a_termination_completes_the_same_suspension_only() -> None:
    fleet = Fleet()
    ann, bo = fleet.officers[:2]
    first = suspended(fleet, ann)

    def refusal(prev: str, **more: Any) -> str:
        leaf = order(fleet, bo, kind=OrderKind.TERMINATE, prev=prev, **more)
        return code(lambda: terminate(fleet.book, leaf, WHY, fleet.clock.now))

    assert refusal(first.rid, root="other") == "stop.other_root"
    assert refusal(first.rid, scope=Scope.SYSTEM) == "stop.other_root"
    assert refusal(a_rid("none")) == "stop.order_unknown"
    fleet.clock.pass_ms(LONE_SUSPENSION_MS)
    assert refusal(first.rid) == "stop.lapsed"
    ended = terminated(fleet, ann, bo)
    assert refusal(ended.rid) == "stop.malformed"


def test_one_officer_cannot_suspend_for_ever() -> None:
    fleet = Fleet()
    for _ in range(LONE_SUSPENSIONS_A_DAY):
        suspended(fleet, fleet.officers[0])
        fleet.clock.pass_ms(LONE_SUSPENSION_MS)
    fifth = order(fleet, fleet.officers[1], kind=OrderKind.SUSPEND)
    assert code(lambda: suspend(fleet.book, fifth, WHY, fleet.clock.now)) == "stop.cap"
    suspended(fleet, *fleet.officers[:2])
    suspended(fleet, fleet.officers[0], root="other")
    fleet.clock.pass_ms(86_400_000)
    suspended(fleet, fleet.officers[0])


def test_what_a_detector_ordered_takes_no_suspension_from_an_officer() -> None:
    fleet = Fleet()
    fleet.put(Space.MISC, "detector", b"d" * 32)
    row = suspended(fleet, fleet.officers[0])
    for number in range(LONE_SUSPENSIONS_A_DAY):
        theirs = msgspec.structs.replace(row, rid=f"{number}".rjust(32, "x"), officers=("d" * 32,))
        fleet.put(Space.STOPS, theirs.rid, msgspec.json.encode(theirs))
    suspended(fleet, fleet.officers[0])


def test_two_release_a_suspension_and_nobody_a_termination() -> None:
    fleet = Fleet()
    ann, bo = fleet.officers[:2]
    stop = suspended(fleet, ann, bo)
    leaf = release_statement(stop.rid)
    one: Any = fleet.sign(leaf, ann)
    assert code(lambda: release(fleet.book, one, fleet.clock.now)) == "stop.officers"
    both: Any = fleet.sign(leaf, ann, bo)
    planned = release(fleet.book, both, fleet.clock.now)
    fleet.ledger.write(planned.unit)
    assert not blocked(fleet, "base")
    again: Any = fleet.sign(release_statement(stop.rid), ann, bo)
    assert code(lambda: release(fleet.book, again, fleet.clock.now)) == "stop.lapsed"
    first = suspended(fleet, ann)
    final = terminated(fleet, bo, prev=first.rid)
    for rid in (first.rid, final.rid):
        leaf_: Any = fleet.sign(release_statement(rid), ann, bo)
        assert code(lambda leaf=leaf_: release(fleet.book, leaf, fleet.clock.now)) == "stop.not_suspension"
    assert blocked(fleet, "base")


def test_a_statement_counts_once_and_only_as_signed() -> None:
    fleet = Fleet()
    ann, bo = fleet.officers[:2]
    leaf = order(fleet, ann, kind=OrderKind.SUSPEND)
    kept(fleet, suspend(fleet.book, leaf, WHY, fleet.clock.now))
    assert code(lambda: suspend(fleet.book, leaf, WHY, fleet.clock.now)) == "stop.replayed"
    fresh = order(fleet, ann, bo, kind=OrderKind.TERMINATE)
    changed = {
        "stop.signature": [{"root": fleet.other.rid}, {"scope": "system"}, {"n": leaf.n}, {"prev": leaf.root}],
        "stop.malformed": [{"kind": "suspend"}, {"scope": "galaxy"}, {"x": {"a": 1}}],
        "stop.officers": [{"sigs": []}],
    }
    for expected, changes in changed.items():
        for change in changes:
            bad = msgspec.structs.replace(fresh, **change)
            assert code(lambda bad=bad: terminate(fleet.book, bad, WHY, fleet.clock.now)) == expected, change
    lie = Reason.of("another reason", salted=bytes(32))
    assert code(lambda: terminate(fleet.book, fresh, lie, fleet.clock.now)) == "stop.malformed"
    by_name: Any = fleet.sign(msgspec.structs.replace(fresh, root="base", sigs=[]), ann, bo)
    assert code(lambda: terminate(fleet.book, by_name, WHY, fleet.clock.now)) == "stop.malformed"


def test_a_racing_registration_or_stop_makes_it_look_again() -> None:
    fleet = Fleet()
    leaf = order(fleet, *fleet.officers[:2], kind=OrderKind.TERMINATE)
    planned = terminate(fleet.book, leaf, WHY, fleet.clock.now)
    fleet.system("alias", digests=(sha("base"),))
    assert code(lambda: fleet.ledger.write(planned.unit)) == "log.conflict"
    planned = terminate(fleet.book, leaf, WHY, fleet.clock.now)
    suspended(fleet, fleet.officers[2], root="other")
    assert code(lambda: fleet.ledger.write(planned.unit)) == "log.conflict"
    stop = kept(fleet, terminate(fleet.book, leaf, WHY, fleet.clock.now))
    assert blocked(fleet, "alias") == stop.rid


def test_the_leaf_holds_the_closure_the_lapse_and_no_words() -> None:
    fleet = Fleet()
    planned = suspend(fleet.book, order(fleet, fleet.officers[0], kind=OrderKind.SUSPEND), WHY, fleet.clock.now)
    (data,) = planned.unit.leaves
    leaf = decode(data)
    assert isinstance(leaf, OrderLeaf)
    assert leaf.dig == sorted(map(sha, ("base", "quant", "tuned")))
    assert (leaf.t, leaf.until) == (fleet.clock.now, fleet.clock.now + LONE_SUSPENSION_MS)
    assert b"lied" not in data
    assert planned.unit.lane is Lane.STOP
    assert [payload.body for payload in planned.unit.payloads] == [b"it lied"]


def test_long_lists_of_digests_stand_by_their_hash() -> None:
    many = tuple(sha(str(n)) for n in range(33))
    (one,) = inline(many)
    assert one.startswith("sha256-list:33:")
    assert inline(tuple(reversed(many))) == [one]
    assert inline(many[:32]) == sorted(many[:32])


def test_other_scopes_stop_what_they_name() -> None:
    for scope, root, hit in (
        (Scope.COPY, "", {"app"}),
        (Scope.PARTY, "party", {"other"}),
        (Scope.ALL, "", {"base", "quant", "tuned", "app", "other"}),
    ):
        fleet = Fleet()
        named = {Scope.COPY: fleet.copies["app"].rid, Scope.PARTY: fleet.firm.rid}.get(scope, root)
        suspended(fleet, fleet.officers[0], root=named, scope=scope)
        assert {name for name in fleet.copies if blocked(fleet, name)} == hit


def test_an_order_of_very_many_digests_stops_what_its_row_does_not_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("answerable.stops.closure.MAX_LISTED", 2)
    fleet = Fleet()
    assert fleet.book.stop_set().quiet

    def reaches(*digests: str, exempt: frozenset[str] = frozenset()) -> str:
        return stopped.order(
            fleet.book,
            numbers=(99,),
            parties=(),
            worlds=(World.INFORMATION,),
            digests=digests,
            now_ms=fleet.clock.now,
            exempt=exempt,
        )

    stop = suspended(fleet, fleet.officers[0])
    (entry,) = stop.digests
    assert entry == summary(tuple(map(sha, ("base", "quant", "tuned"))))
    assert stop.upto == 5
    # The same weights under a new name; what was never part of it; what somebody holds who came later.
    assert reaches(sha("tuned")) == stop.rid
    assert reaches(sha("other")) == reaches(sha("new")) == ""
    assert reaches(sha("tuned"), exempt=frozenset({stop.rid})) == ""
    late = fleet.system("late", parents=((fleet.base, Relation.FINETUNE),), digests=(sha("somebody's"),))
    assert blocked(fleet, "late") == stop.rid
    assert reaches(sha("somebody's")) == ""
    assert late.num > stop.upto
    fleet.clock.pass_ms(LONE_SUSPENSION_MS)
    assert reaches(sha("tuned")) == ""


def test_both_forms_of_the_list_have_the_same_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Fleet()
    digests = reached(fleet.book, "base", Scope.LINEAGE).digests
    monkeypatch.setattr("answerable.stops.closure.MAX_LISTED", 2)
    assert reached(fleet.book, "base", Scope.LINEAGE).listed() == (summary(digests),)
    monkeypatch.setattr("answerable.registry.lines.MANY", 1)
    many = Fleet()
    assert type(many.book.reach((1,))).__name__ == "ManyReached"
    assert reached(many.book, "base", Scope.LINEAGE).listed() == (summary(digests),)


def grave_robot(fleet: Fleet) -> None:
    fleet.copy(fleet.system("robot", worlds=(World.PHYSICAL,)))


def test_two_may_terminate_what_is_grave_after_the_pause_of_a_staged_plan() -> None:
    fleet = Fleet()
    grave_robot(fleet)
    ann, bo = fleet.officers[:2]
    first = suspended(fleet, ann, root="robot", pause_ms=PAUSE_MS)
    assert (first.pause, first.until, staged_from(first)) == (PAUSE_MS, 0, first.at + PAUSE_MS)
    assert blocked(fleet, "robot") == first.rid
    leaf = order(fleet, bo, kind=OrderKind.TERMINATE, prev=first.rid, root="robot")

    def refused(**more: Any) -> str:
        return code(lambda: terminate(fleet.book, leaf, WHY, fleet.clock.now, **more))

    assert refused(count=1) == "officer.staged"
    fleet.clock.pass_ms(PAUSE_MS - 1)
    assert refused(count=1) == "officer.staged"
    fleet.clock.pass_ms(1)
    assert refused() == "stop.count"
    alone = order(fleet, ann, kind=OrderKind.TERMINATE, prev=first.rid, root="robot")
    assert code(lambda: terminate(fleet.book, alone, WHY, fleet.clock.now, count=1)) == "stop.officers"
    assert kept(fleet, terminate(fleet.book, leaf, WHY, fleet.clock.now, count=1)).escalates == first.rid


def test_without_a_plan_the_third_is_not_replaced_by_time() -> None:
    fleet = Fleet()
    grave_robot(fleet)
    ann, bo = fleet.officers[:2]
    first = suspended(fleet, ann, root="robot")
    fleet.clock.pass_ms(DAY_MS)
    leaf = order(fleet, bo, kind=OrderKind.TERMINATE, prev=first.rid, root="robot")
    assert code(lambda: terminate(fleet.book, leaf, WHY, fleet.clock.now, count=1)) == "stop.officers"


@pytest.mark.parametrize(
    "x",
    [
        {"answerable.plan": {"pause": 1}},
        {"answerable.plan": {"pause": True}},
        {"answerable.plan": {"pause": PAUSE_MS, "more": 1}},
        {"answerable.plan": PAUSE_MS},
        {"answerable.plan": {"pause": 1 << 50}},
        {"answerable.plan": {"pause": PAUSE_MS}, "other": 1},
        {"other": 1},
    ],
)
def test_an_extension_that_is_no_plan_is_refused(x: dict[str, Any]) -> None:
    fleet = Fleet()
    leaf = statement(fleet.book, kind=OrderKind.SUSPEND, root="base", reason=WHY)
    signed: Any = fleet.sign(msgspec.structs.replace(leaf, x=x), fleet.officers[0])
    assert code(lambda: suspend(fleet.book, signed, WHY, fleet.clock.now)) == "stop.malformed"
    ended = statement(fleet.book, kind=OrderKind.TERMINATE, root="base", reason=WHY, pause_ms=PAUSE_MS)
    planned: Any = fleet.sign(ended, *fleet.officers[:3])
    assert code(lambda: terminate(fleet.book, planned, WHY, fleet.clock.now)) == "stop.malformed"


def test_an_authority_stops_against_the_operators_will() -> None:
    fleet = Fleet()
    ann, bo = fleet.officers[:2]
    fleet.roster(ann, bo, authorities=("Surveillance",), need=2)
    leaf: Any = fleet.sign_with(
        statement(fleet.book, kind=OrderKind.SUSPEND, root="base", reason=WHY), "Surveillance 1"
    )
    stop = kept(fleet, suspend(fleet.book, leaf, WHY, fleet.clock.now))
    assert (stop.until, blocked(fleet, "tuned")) == (0, stop.rid)
    # All of the operator's officers together do not end it, nor does another key of theirs.
    both: Any = fleet.sign(release_statement(stop.rid), ann, bo)
    assert code(lambda: release(fleet.book, both, fleet.clock.now)) == "officer.authority"
    theirs: Any = fleet.sign_with(release_statement(stop.rid), "Surveillance 2")
    fleet.ledger.write(release(fleet.book, theirs, fleet.clock.now).unit)
    assert not blocked(fleet, "tuned")
    end = statement(fleet.book, kind=OrderKind.TERMINATE, root="base", reason=WHY)
    one: Any = fleet.sign_with(end, "Surveillance 1")
    assert code(lambda: terminate(fleet.book, one, WHY, fleet.clock.now)) == "stop.officers"
    two: Any = fleet.sign_with(one, "Surveillance 2")
    assert kept(fleet, terminate(fleet.book, two, WHY, fleet.clock.now)).kind == "terminate"
    unknown: Any = fleet.sign_with(statement(fleet.book, kind=OrderKind.SUSPEND, root="other", reason=WHY), "A fake 1")
    assert code(lambda: suspend(fleet.book, unknown, WHY, fleet.clock.now)) == "stop.not_officer"


def test_an_officer_who_is_not_on_the_roster_orders_nothing() -> None:
    fleet = Fleet()
    ann, bo, cy = fleet.officers[:3]
    fleet.roster(ann, bo)
    leaf = order(fleet, cy, kind=OrderKind.SUSPEND)
    assert code(lambda: suspend(fleet.book, leaf, WHY, fleet.clock.now)) == "officer.not_listed"
    first = suspended(fleet, ann)
    fleet.roster(bo, cy)
    # Who left the roster meanwhile does not count towards the quorum.
    late = order(fleet, bo, kind=OrderKind.TERMINATE, prev=first.rid)
    assert code(lambda: terminate(fleet.book, late, WHY, fleet.clock.now)) == "stop.officers"
