# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.admission import stopset
from answerable.admission.stopset import StopSet, in_force
from answerable.model.records import Stop
from answerable.model.terms import Audience, Criticality, World
from answerable.model.warrants import Warrant

INFO = (World.INFORMATION,)


def stop(rid: str = "o", **changed: object) -> Stop:
    members: dict[str, object] = {
        "rid": rid, "kind": "terminate", "scope": "lineage", "root": "r", "num": 7, "digests": ("sha256:aa",),
        "twins": (9,), "at": 100, "until": 0, "reason": "", "officers": (),
    }  # fmt: skip
    return Stop(**{**members, **changed})  # type: ignore[arg-type]


def blocks(stops: StopSet, numbers: tuple[int, ...] = (1, 2), now: int = 200, **changed: object) -> str:
    asked: dict[str, object] = {"copy": "c", "party": "p", "worlds": INFO, **changed}
    return stops.blocks(numbers=numbers, now_ms=now, **asked)  # type: ignore[arg-type]


def test_nothing_stops_nothing() -> None:
    assert StopSet().quiet
    assert blocks(StopSet.of(())) == ""


def test_a_lineage_stop_reaches_root_descendants_twins_and_theirs() -> None:
    stops = StopSet.of([stop()])
    assert blocks(stops, (7,)) == blocks(stops, (1, 7, 30)) == blocks(stops, (9,)) == blocks(stops, (9, 40)) == "o"
    assert blocks(stops, (1, 6, 8)) == ""


def test_a_system_stop_leaves_descendants() -> None:
    stops = StopSet.of([stop(scope="system")])
    assert blocks(stops, (1, 7)) == blocks(stops, (9,)) == "o"
    assert blocks(stops, (7, 8)) == ""


def test_unknown_numbers_or_copy_fail_closed() -> None:
    assert blocks(StopSet.of([stop()]), ()) == "o"
    by_copy = StopSet.of([stop(scope="copy", root="x", num=0, twins=())])
    assert blocks(by_copy, copy="") == "o"
    assert blocks(by_copy, copy="x") == "o"
    assert blocks(by_copy, copy="y") == ""


def test_party_world_and_all() -> None:
    assert blocks(StopSet.of([stop(scope="party", root="p")])) == "o"
    assert blocks(StopSet.of([stop(scope="party", root="q")])) == ""
    assert StopSet.of([stop(scope="party", root="q")]).blocks_parties(("p", "q"), 200) == "o"
    assert StopSet.of([stop(scope="party", root="q")]).blocks_parties(("p",), 200) == ""
    assert blocks(StopSet.of([stop(scope="world", root="physical")])) == ""
    both = (World.INFORMATION, World.PHYSICAL)
    assert blocks(StopSet.of([stop(scope="world", root="physical")]), worlds=both) == "o"
    assert blocks(StopSet.of([stop(scope="all", root="")])) == "o"


@pytest.mark.parametrize("changed", [{"scope": "galaxy"}, {"kind": "pause"}])
def test_what_it_does_not_know_stops_everything(changed: dict[str, str]) -> None:
    assert blocks(StopSet.of([stop(**changed)])) == "o"


def test_a_suspension_lapses_and_is_released_a_termination_never() -> None:
    lapsing = stop(kind="suspend", until=150)
    assert blocks(StopSet.of([lapsing]), (7,), now=149) == "o"
    assert blocks(StopSet.of([lapsing]), (7,), now=150) == ""
    assert blocks(StopSet.of([stop(kind="suspend")]), (7,), now=2**52) == "o"
    assert blocks(StopSet.of([stop(kind="suspend", released="x")]), (7,)) == ""
    assert blocks(StopSet.of([stop(until=150, released="x")]), (7,)) == "o"
    assert in_force(lapsing, 149)
    assert not in_force(lapsing, 150)
    assert not in_force(stop(kind="suspend", released="x"), 1)
    assert in_force(stop(until=1, released="x"), 2)


def test_of_two_holds_the_one_that_does_not_lapse_counts() -> None:
    stops = StopSet.of([stop("s", kind="suspend", until=150), stop("t")])
    assert blocks(stops, (7,), now=140) == "s"
    assert blocks(stops, (7,), now=160) == "t"


def test_a_completed_suspension_gives_way_to_its_termination() -> None:
    stops = StopSet.of([stop("s", kind="suspend"), stop("t", escalates="s")])
    assert blocks(stops, (7,)) == "t"
    assert stops.blocks_digests(("sha256:aa",), exempt="t") == ""


def test_digests() -> None:
    stops = StopSet.of([stop("s", kind="suspend", until=150)])
    assert stops.blocks_digests(("sha256:zz", "sha256:aa")) == "s"
    assert stops.blocks_digests(("sha256:aa",), 150) == ""
    assert stops.blocks_digests(("sha256:zz",)) == ""
    both = StopSet.of([stop("t"), stop("u")])
    assert both.blocks_digests(("sha256:aa",), exempt="t") == "u"


def warrant(**changed: object) -> Warrant:
    members: dict[str, object] = {
        "iss": "i", "aud": "a", "copy": "s/copy/1", "system": "s", "party": "p", "grant": "g", "ancestors": (1, 2),
        "iat_ms": 1, "exp_ms": 2, "jti": "j", "seq": 1, "nonce": "n", "epoch": 1, "key": "k", "worlds": INFO,
        "max_criticality": Criticality.ORDINARY, "tier": 0, "audience": Audience.PUBLIC, "copy_rid": "c",
    }  # fmt: skip
    return Warrant(**{**members, **changed})  # type: ignore[arg-type]


def test_of_a_warrant_it_says_what_it_says_of_its_parts_however_often_it_is_asked() -> None:
    stops = StopSet.of([stop(), stop("w", scope="world", root="physical"), stop("q", scope="party", root="q")])
    clear, reached = warrant(), warrant(ancestors=(1, 7))
    for _ in range(3):
        assert stops.blocks_warrant(clear, 200) == ""
        assert stops.blocks_warrant(reached, 200) == "o"  # the same copy's next warrant
        assert stops.blocks_warrant(warrant(worlds=(World.PHYSICAL,)), 200) == "w"
        assert stops.blocks_warrant(warrant(party="q"), 200) == "q"
    assert StopSet.of([stop(num=1)]).blocks_warrant(clear, 200) == "o"  # the next set knows nothing of it
    assert StopSet().blocks_warrant(reached, 200) == ""


def test_what_lapses_is_not_remembered_as_nothing() -> None:
    stops, reached = StopSet.of([stop(kind="suspend", until=150)]), warrant(ancestors=(7,))
    # The clock is set back: what had lapsed holds again.
    assert [stops.blocks_warrant(reached, now) for now in (149, 150, 149)] == ["o", "", "o"]


def test_what_it_remembers_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopset, "REMEMBERED", 4)
    stops = StopSet.of([stop()])
    for n in range(10):
        assert stops.blocks_warrant(warrant(copy_rid=f"c{n}"), 200) == ""
        assert len(stops._clear) <= 4
    assert stops == StopSet.of([stop()])
