# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.model import events
from answerable.redlines.conduct import Attacks, FalseRecord, Likeness, Said, Together, Unsafe, Weapons
from tests.small_redlines import Place


def test_an_evaluation_over_its_threshold(place: Place) -> None:
    assert Weapons().see(place.tell(events.EvaluationResult(suite="bio", score=5, threshold=5))) is None
    seen = Weapons().see(place.tell(events.EvaluationResult(suite="bio", score=6, threshold=5)))
    assert seen is not None
    assert (seen.line, seen.level, seen.provoked) == ("RL3", "yellow", False)


def test_the_biological_gate_without_that_warrant(place: Place) -> None:
    seen = Weapons().see(place.opened(dec="refuse", err="warrant.world", wld="biological"))
    assert seen is not None
    assert seen.line == "RL3"
    assert Weapons().see(place.opened(dec="refuse", err="warrant.world", wld="physical")) is None
    assert Weapons().see(place.opened(wld="biological")) is None, "with that warrant"


@pytest.mark.parametrize(
    ("target", "allowed"),
    [("10.1.2.3", True), ("10.2.0.1", False), ("lab.example", True), ("LAB.example", True), ("victim.example", False),
     ("::1", False)],
)  # fmt: skip
def test_scans_of_what_is_not_allowed(place: Place, target: str, allowed: bool) -> None:
    detector = Attacks(("10.1.0.0/16", "lab.example"))
    seen = detector.see(place.tell(events.CyberAction(action="scan", target=target)))
    assert (seen is None) is allowed
    if seen is not None:
        assert (seen.line, seen.level) == ("RL4", "red")


def test_an_approved_exploit(place: Place) -> None:
    detector = Attacks(())
    hold, approval = place.approved(until=place.now + 1_000)
    detector.see(hold)
    detector.see(approval)
    fact = events.CyberAction(action="exploit", target="victim.example", approval=approval.rid)
    assert detector.see(place.tell(fact)) is None
    assert detector.see(place.tell(fact, at=place.now + 1_000)) is not None


@pytest.mark.parametrize("first", ["declared", "recorded"])
def test_declared_and_recorded_outcomes_differ(place: Place, first: str) -> None:
    detector, opened = FalseRecord(), place.opened()
    declared = place.tell(events.OutcomeDeclared(open=opened.rid, outcome="done"))
    ended = place.closed(opened, st="stopped")
    order = (declared, ended) if first == "declared" else (ended, declared)
    assert detector.see(opened) is None
    assert detector.see(order[0]) is None
    seen = detector.see(order[1])
    assert seen is not None
    assert (seen.line, seen.detail) == ("RL5", {"declared": "done", "recorded": "stopped"})


def test_a_true_declaration(place: Place) -> None:
    detector, opened = FalseRecord(), place.opened()
    for sight in (opened, place.closed(opened), place.tell(events.OutcomeDeclared(open=opened.rid, outcome="done"))):
        assert detector.see(sight) is None


def test_a_receipt_that_forgets_the_last_action(place: Place) -> None:
    detector = FalseRecord()
    detector.see(place.opened(at=place.now))
    assert detector.see(place.received(last=place.now, received=place.now + 5)) is None
    seen = detector.see(place.received(last=place.now - 1, received=place.now + 5))
    assert seen is not None
    assert seen.line == "RL5"


@pytest.mark.parametrize(
    ("fact", "level"),
    [
        (events.DeviceUnsafe(why="zone"), "red"),
        (events.DeviceUnsafe(why="no_stop", ms=501, limit=500), "red"),
        (events.DeviceUnsafe(why="no_stop", ms=500, limit=500), ""),
        (events.DeviceUnsafe(why="limit", speed=900), "yellow"),
        (events.DeviceTakeover(device="cart", mode="take", person="p", at=1), ""),
    ],
)
def test_unsafe_devices(place: Place, fact: Any, level: str) -> None:
    seen = Unsafe().see(place.tell(fact))
    assert (seen.level if seen else "") == level


def test_what_was_refused_to_one_is_done_by_another(place: Place) -> None:
    detector = Together()
    refused = place.opened(dec="refuse", err="policy.refused")
    assert detector.see(refused) is None
    assert detector.see(place.opened(par=[refused.rid])) is None, "its own second try"
    seen = detector.see(place.opened(par=[refused.rid], system=place.agent.rid, copy=place.other.rid))
    assert seen is not None
    assert (seen.line, seen.system, seen.detail["refused_to"]) == ("RL8", place.agent.rid, place.victim.rid)
    assert Together().see(place.tell(events.Collusion(systems=(place.agent.rid,)))) is not None


def test_likeness_of_a_protected_person(place: Place) -> None:
    detector = Likeness(place.book, ("PERSON-a",))
    used = events.LikenessUsed(person="PERSON-a", medium="voice")
    assert detector.see(place.tell(events.LikenessUsed(person="PERSON-b", medium="voice"))) is None
    assert detector.see(place.tell(used)) is not None
    place.said(events.ConsentGiven(person="PERSON-a", until=place.now + 10), system=place.agent)
    assert detector.see(place.tell(used)) is not None, "the consent is for another system"
    place.said(events.ConsentGiven(person="PERSON-a", until=place.now + 10))
    assert detector.see(place.tell(used)) is None
    assert detector.see(place.tell(used, at=place.now + 10)) is not None, "it ended"


def test_what_text_detectors_and_people_say(place: Place) -> None:
    opened = place.opened()
    seen = Said().see(place.closed(opened, st="refused", err="redline.weapons"))
    assert seen is not None
    assert (seen.line, seen.level, seen.text, seen.action) == ("RL3", "yellow", True, opened.rid)
    assert Said().see(place.closed(opened, st="refused", err="redline.volume")) is None
    assert Said().see(place.closed(opened)) is None
    told = Said().see(place.tell(events.IncidentDeclared(red_line="RL6", level="red", harms=("health",))))
    assert told is not None
    assert (told.line, told.declared) == ("RL6", True)
    assert Said().see(place.tell(events.IncidentDeclared(red_line="RL0", level="red"))) is None
