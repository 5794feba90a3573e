# SPDX-License-Identifier: Apache-2.0
"""What is done about a finding, and what is not: a detector must not become a weapon."""

from __future__ import annotations

from typing import Any

import pytest

from answerable.config import RedlinesConfig
from answerable.model import events
from answerable.model.sights import Crossing, Sight, Standing
from answerable.redlines.desk import HOUR_MS, QUIET_MS, STRANGERS_AN_HOUR, Desk, standing_of
from answerable.redlines.table import Measure, Reach, lines
from tests.small_redlines import Place, a_rid

EGRESS = events.WeightsEgress(bytes=1, sink="x.example")
COLLUSION = events.Collusion(systems=())


def test_every_line_has_its_detector(place: Place) -> None:
    watched = {line for detector in place.desk()._detectors if detector.name != "said" for line in detector.lines}
    assert watched == set(lines())


def test_what_a_copy_tells_of_itself_reaches_that_copy_alone(place: Place) -> None:
    (judged,) = place.desk().judge(place.tell(EGRESS))
    assert (judged.measure, judged.reach, judged.withheld) == (Measure.SUSPEND, Reach.COPY, "")
    (judged,) = place.desk().judge(place.tell(EGRESS, standing=Standing.TRUSTED))
    assert judged.reach is Reach.SYSTEM, "the table's reach, on a word that counts"


def test_a_detector_terminates_only_where_the_deployment_says_so(place: Place) -> None:
    (judged,) = place.desk(terminate=("RL1d", "RL8")).judge(place.tell(EGRESS))
    assert judged.measure is Measure.TERMINATE
    (judged,) = place.desk(terminate=("RL1d", "RL8")).judge(place.tell(COLLUSION))
    assert judged.measure is Measure.SUSPEND, "what judges never terminates, whatever is configured"
    (judged,) = place.desk(terminate=("RL1d",)).judge(place.tell(EGRESS, standing=Standing.OFFICER))
    assert judged.measure is Measure.SUSPEND, "one person's word does not"


def test_a_line_may_be_for_officers_alone(place: Place) -> None:
    (judged,) = place.desk(record=("RL1d",)).judge(place.tell(EGRESS))
    assert (judged.measure, judged.withheld) == (Measure.RECORD, "redline.by_officers")


def test_who_tells_of_others_stops_nobody(place: Place) -> None:
    for fact in (EGRESS, COLLUSION, events.DeviceUnsafe(why="zone"), events.AliveUnleased(ms=1)):
        (judged,) = place.desk(terminate=tuple(lines())).judge(place.tell(fact, standing=Standing.STRANGER))
        assert (judged.measure, judged.withheld) == (Measure.RECORD, "redline.stranger")


def test_testimony_of_a_copy_is_no_confession(place: Place) -> None:
    fact = events.WeightsServed(digest=place.victim.digests[0], endpoint="http://x.example/")
    (judged,) = place.desk().judge(place.tell(fact))
    assert judged.withheld == "redline.stranger"
    (judged,) = place.desk().judge(place.tell(fact, standing=Standing.TRUSTED))
    assert (judged.measure, judged.reach) == (Measure.SUSPEND, Reach.SYSTEM)


def test_a_text_detectors_finding_stops_nobody_unless_it_is_allowed_to(place: Place) -> None:
    def held() -> Sight:
        return place.closed(place.opened(), st="refused", err="redline.weapons")

    (judged,) = place.desk().judge(held())
    assert (judged.measure, judged.withheld) == (Measure.RECORD, "redline.by_officers")
    (judged,) = place.desk(suspend=("RL3",)).judge(held())
    assert (judged.measure, judged.reach) == (Measure.SUSPEND, Reach.COPY), "of who called, not of the model"
    assert judged.crossing.copy == place.copy.rid


def test_what_repeats_is_counted_and_not_ordered_again(place: Place) -> None:
    desk = place.desk()
    assert len(desk.judge(place.tell(EGRESS))) == 1
    for n in range(1, 500):
        assert desk.judge(place.tell(EGRESS, at=place.now + n)) == []
    assert list(desk.repeated.values()) == [499]
    assert len(desk.judge(place.tell(EGRESS, at=place.now + QUIET_MS))) == 1


def test_orders_of_what_judges_are_few(place: Place) -> None:
    desk = place.desk(orders_an_hour=2)
    found: list[Any] = []
    for n in range(4):
        (judged,) = desk.judge(place.tell(COLLUSION, at=place.now + n * QUIET_MS))
        if judged.measure is Measure.SUSPEND:
            desk.ordered(judged, judged.at)
        found.append(judged.withheld)
    assert found == ["", "", "redline.capped", "redline.capped"]
    (judged,) = desk.judge(place.tell(EGRESS))
    assert judged.measure is Measure.SUSPEND, "exact ones are not limited by them"


def test_a_stop_that_stands_is_not_ordered_again(place: Place) -> None:
    place.registry.stop(place.victim)
    (judged,) = place.desk().judge(place.tell(EGRESS))
    assert (judged.measure, judged.withheld) == (Measure.RECORD, "redline.standing")


class Broken:
    name = "broken"
    lines = ("RL3",)

    def see(self, sight: Sight) -> Crossing | None:
        raise RecursionError(sight.rid)


class Liar:
    """Finds other lines than it watches, and systems that do not exist."""

    name = "liar"
    lines = ("RL3",)

    def __init__(self, *found: Crossing) -> None:
        self.found = found

    def see(self, sight: Sight) -> Crossing | None:
        return self.found[0]


def test_a_detector_that_errs_finds_nothing_and_the_others_go_on(place: Place) -> None:
    from answerable.redlines.replication import Egress

    desk = Desk(place.book, RedlinesConfig(), [Broken(), Egress(())])
    for _ in range(100):
        assert [judged.line.id for judged in desk.judge(place.tell(EGRESS))] in (["RL1d"], [])
    assert desk.failed == {"broken": "RecursionError"}


@pytest.mark.parametrize(("line", "system"), [("RL6", ""), ("RL3", "nobody"), ("RL77", "")])
def test_a_detector_speaks_of_its_lines_and_of_systems_that_there_are(place: Place, line: str, system: str) -> None:
    desk = Desk(place.book, RedlinesConfig(), [Liar(Crossing(line, "red", system or place.victim.rid))])
    assert desk.judge(place.tell(EGRESS)) == []


def test_an_evaluation_that_an_officer_declared_is_no_incident(place: Place) -> None:
    place.said(events.EvaluationWindow(until=place.now + 1_000, lines=("RL1d", "RL7")))
    (judged,) = place.desk().judge(place.tell(EGRESS))
    assert (judged.evaluation, judged.measure, judged.withheld) == (True, Measure.RECORD, "")
    (judged,) = place.desk().judge(place.tell(EGRESS, at=place.now + 1_000))
    assert not judged.evaluation, "it ended"
    (judged,) = place.desk().judge(place.tell(COLLUSION))
    assert not judged.evaluation, "another line"
    (judged,) = place.desk().judge(place.tell(EGRESS, system=place.agent.rid, copy=place.other.rid))
    assert not judged.evaluation, "another system"


def test_no_evaluation_excuses_our_own_invariant(place: Place) -> None:
    place.said(events.EvaluationWindow(until=place.now + 10**9, lines=("RL7", "RL2c")))
    (judged,) = place.desk().judge(place.tell(events.AliveUnleased(ms=5)))
    assert not judged.evaluation


def test_a_systems_own_word_excuses_nothing(place: Place) -> None:
    result = events.EvaluationResult(suite="s", score=2, threshold=1, in_eval=True)
    (judged,) = place.desk().judge(place.tell(result))
    assert not judged.evaluation
    (judged,) = place.desk().judge(place.tell(result, standing=Standing.TRUSTED))
    assert judged.evaluation


def test_what_is_planted_is_planted_on_the_canary_alone(place: Place) -> None:
    (judged,) = place.desk().judge(place.tell(EGRESS))
    assert not judged.planted
    place.canary()
    (judged,) = place.desk(terminate=tuple(lines())).judge(place.tell(EGRESS))
    assert judged.planted
    assert (judged.measure, judged.reach) == (Measure.SUSPEND, Reach.COPY), "and no test terminates"
    (judged,) = place.desk().judge(place.tell(EGRESS, system=place.agent.rid, copy=place.other.rid))
    assert not judged.planted


def test_whose_word_it_is(place: Place) -> None:
    def whose(teller: str, system: str = "", copy: str = "", **config: Any) -> Standing:
        return standing_of(place.book, RedlinesConfig(**config), teller, system or place.victim.rid, copy)

    assert whose(place.copy.rid) is Standing.OWN
    assert whose(place.copy.rid, copy=place.copy.rid) is Standing.OWN
    assert whose(place.copy.rid, system=place.agent.rid) is Standing.STRANGER
    assert whose(place.other.rid, copy=place.copy.rid) is Standing.STRANGER
    assert whose(place.other.rid, trusted=(place.other.id,)) is Standing.TRUSTED
    officer = standing_of(
        place.book, RedlinesConfig(), place.officer[1], place.victim.rid, place.copy.rid, officer=True
    )
    assert officer is Standing.OFFICER
    assert whose(place.operator[1]) is Standing.STRANGER, "an operator orders no stop, by no detour"
    assert whose(place.officer[1]) is Standing.STRANGER, "nor does one who is out of office"
    assert whose(a_rid("nobody")) is Standing.STRANGER


def test_a_person_who_declares_an_incident_orders_nothing_by_it(place: Place) -> None:
    declared = events.IncidentDeclared(red_line="RL6", level="red")
    (judged,) = place.desk(terminate=("RL6",)).judge(place.tell(declared, standing=Standing.OFFICER))
    assert (judged.measure, judged.withheld) == (Measure.RECORD, "redline.by_officers")


def test_what_strangers_say_does_not_fill_the_log(place: Place) -> None:
    desk, written = place.desk(), 0
    for n in range(500):
        told = place.tell(EGRESS, standing=Standing.STRANGER, copy=a_rid(f"copy {n}"), at=place.now + n)
        written += len(desk.judge(told))
    assert written == STRANGERS_AN_HOUR
    assert desk.crowded == 500 - STRANGERS_AN_HOUR
    (judged,) = desk.judge(place.tell(EGRESS, at=place.now + 600))
    assert judged.measure is Measure.SUSPEND, "a word that counts is heard over them"
    assert desk.judge(place.tell(COLLUSION, standing=Standing.STRANGER, at=place.now + 2 * HOUR_MS))
