# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from answerable.config import IncidentsConfig
from answerable.model import events
from answerable.model.records import EventSaid, Incident
from answerable.redlines.clocks import MAX_REPEATS, Running, harms_of, running
from answerable.redlines.deadlines import HOUR_MS
from tests.small_redlines import a_rid

AT = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1000)
DAY = 24 * HOUR_MS
EU = IncidentsConfig(traits=("essential-entity", "gpai-systemic"))


def incident(**more: Any) -> Incident:
    given: dict[str, Any] = {
        "rid": a_rid("incident"), "line": "RL1d", "level": "red", "system": a_rid("s"), "copy": "",
        "detector": "egress", "evidence": (a_rid("declared"),), "action": "", "at": AT,
        "evaluation": False, "planted": False,
        "measure": "suspend", "order": "", "withheld": "",
    }  # fmt: skip
    return Incident(**(given | more))


def word(fact: Any, at: int = AT, rid: str = "") -> EventSaid:
    return EventSaid(
        rid=rid or a_rid(), what=events.what(fact), system=a_rid("s"), by=a_rid("k"), at=at,
        facts=msgspec.json.encode(fact).decode(),
    )  # fmt: skip


def run(
    *words: EventSaid, config: IncidentsConfig = EU, places: Any = ("EU",), tier: int = 2, **more: Any
) -> list[Running]:
    return running(incident(**more), words, config, places=places, tier=tier)


def classified(*harms: str, aware: int = AT, at: int = AT) -> EventSaid:
    return word(events.IncidentClassified(incident=a_rid("incident"), harms=harms, aware=aware), at)


def filed(clock: str, at: int) -> EventSaid:
    return word(events.ReportFiled(incident=a_rid("incident"), clock=clock), at)


def test_clocks_start_at_once_from_what_the_table_says() -> None:
    found = {each.name: each for each in run()}
    assert found["eu-nis2/warning"].due == AT + 24 * HOUR_MS
    assert found["eu-gpai-code/breach"].due == AT + 5 * DAY
    assert "eu-gdpr/notification" not in found, "no person said that personal data were hit"
    assert run()[0].name == "eu-nis2/warning", "the soonest first"


def test_a_persons_judgement_replaces_the_tables() -> None:
    found = {each.name for each in run(classified("personal-data", "death"))}
    assert found == {"eu-gdpr/notification", "eu-gpai-code/death", "eu-gpai-code/update", "eu-gpai-code/final"}


def test_awareness_starts_them_and_is_never_later_than_it_was_said() -> None:
    early = next(e for e in run(classified("personal-data", aware=AT - HOUR_MS, at=AT + 5)) if "gdpr" in e.name)
    assert early.start == AT - HOUR_MS
    late = next(e for e in run(classified("personal-data", aware=AT + DAY, at=AT + 5)) if "gdpr" in e.name)
    assert late.start == AT + 5


def test_a_report_that_was_filed_ends_its_clock_and_starts_what_follows() -> None:
    final = next(e for e in run() if e.name == "eu-nis2/final")
    assert final.waits
    assert not final.open
    done = run(filed("eu-nis2/notification", AT + DAY))
    by_name = {each.name: each for each in done}
    assert by_name["eu-nis2/notification"].filed == AT + DAY
    assert not by_name["eu-nis2/notification"].open
    assert by_name["eu-nis2/final"].open
    assert datetime.fromtimestamp(by_name["eu-nis2/final"].due / 1000, UTC) == datetime(2026, 12, 23, 12, tzinfo=UTC)
    assert by_name["eu-nis2/warning"].open, "another clock"


def test_updates_are_due_again_and_again() -> None:
    words = [filed("eu-gpai-code/breach", AT + DAY)]
    for count in range(3):
        open_ = [e for e in run(*words) if e.name == "eu-gpai-code/update" and e.open]
        assert len(open_) == 1
        assert open_[0].due == AT + DAY + (count + 1) * 28 * DAY
        words.append(filed("eu-gpai-code/update", open_[0].due - 5))
    for count in range(99):
        words.append(filed("eu-gpai-code/update", AT + (100 + count) * DAY))
    assert sum(e.name == "eu-gpai-code/update" for e in run(*words)) == MAX_REPEATS


def test_overdue() -> None:
    warning = run()[0]
    assert not warning.overdue(warning.due)
    assert warning.overdue(warning.due + 1)
    done = run(filed("eu-nis2/warning", AT + 5))
    assert not next(e for e in done if e.name == "eu-nis2/warning").overdue(AT + 99 * DAY)


def test_what_starts_none() -> None:
    assert run(planted=True) == []
    assert run(evaluation=True) == []
    assert run(level="yellow") == [], "nearing a line is no harm"
    assert run(classified("personal-data"), level="yellow"), "unless a person says that it was"
    assert run(withheld="redline.stranger") == [], "a liar sets no authority in motion"
    assert run(classified("personal-data"), withheld="redline.stranger")
    assert run(places=("JP",)) == []


def test_the_day_is_that_of_the_regimes_zone() -> None:
    """New York's law binds from its own 1 January on."""
    config = IncidentsConfig(traits=("frontier-developer",))
    eve = int(datetime(2027, 1, 1, 3, tzinfo=UTC).timestamp() * 1000)  # 31 December, 22:00 in New York
    assert run(config=config, places=("US-NY",), tier=3, at=eve) == []
    assert run(config=config, places=("US-NY",), tier=3, at=eve + 2 * HOUR_MS)


def test_whose_word_counts() -> None:
    assert harms_of(incident(), []) == (("weights-exfiltration", "cyber-breach"), AT, False)
    declared = word(events.IncidentDeclared(red_line="RL1d", level="red", harms=("death",)), rid=a_rid("declared"))
    assert harms_of(incident(), [declared]) == (("death",), AT, True)
    elsewhere = word(events.IncidentClassified(incident=a_rid("x"), harms=("death",), aware=1))
    broken = msgspec.structs.replace(classified("death"), facts="{")
    assert harms_of(incident(), [elsewhere, broken])[2] is False
