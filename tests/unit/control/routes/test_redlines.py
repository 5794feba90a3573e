# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.control.rates import EVENTS_A_MINUTE
from answerable.control.routes.redlines import TESTED, Trial, last_trial, overdue
from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError
from answerable.model import events
from answerable.model.units import Put, Space, Unit
from answerable.redlines.table import lines
from tests.redlined import incident, nothing_of, report, tell, told_by
from tests.unit.control.house import House

EGRESS = events.WeightsEgress(bytes=5, sink="x.example")


def code(house: House, body: Any) -> str:
    with pytest.raises(AnswerableError) as caught:
        house.post("/events", body)
    return caught.value.code


def stops(house: House) -> int:
    return sum(1 for _ in house.core.book.stops())


def test_what_a_copy_tells_of_itself_stops_that_copy(house: House) -> None:
    copy, key = house.start_copy("other")
    second, _ = house.start_copy("other")
    done = tell(house, EGRESS, "other", copy, key, copy=copy)
    found = incident(house, done["rid"])
    assert (found["line"], found["level"], found["measure"], found["copy"]) == ("RL1d", "red", "suspend", copy)
    order = next(stop for stop in house.core.book.stops() if stop.rid == found["order"])
    assert (order.scope, order.root, order.kind, order.digests) == ("copy", copy, "suspend", ())
    assert second != copy
    leaf = house.get(f"/log/records/{found['order']}")
    assert leaf["leaf"]["sigs"][0]["key"] == house.core.book.raw(Space.MISC, "detector").decode()  # type: ignore[union-attr]


def test_what_it_tells_of_others_is_recorded_and_stops_nobody(house: House) -> None:
    before = stops(house)
    liar, key = house.start_copy("other")
    done = tell(house, events.AliveUnleased(ms=9), "base", liar, key)
    found = incident(house, done["rid"])
    assert (found["measure"], found["withheld"], found["order"]) == ("record", "redline.stranger", "")
    assert stops(house) == before


def test_who_may_tell(house: House) -> None:
    copy, key = house.start_copy("other")
    assert code(house, report(house, EGRESS, "other", copy, Key.generate())) == "redline.event_signature"
    assert code(house, report(house, EGRESS, "other", "a" * 32, key)) == "redline.event_teller"
    declared = events.IncidentDeclared(red_line="RL6", level="red")
    assert code(house, report(house, declared, "other", copy, key)) == "redline.event_teller"
    window = events.EvaluationWindow(until=1, lines=())
    admin = house.person("admin")
    assert code(house, report(house, window, "other", admin.kid, admin.key)) == "redline.event_teller"
    body = report(house, events.EffectSeen(sink="s"), "other", copy, key)
    house.post("/events", body)
    assert code(house, body) == "redline.event_replayed"
    assert code(house, {"event": {}}) == "admin.request"


def test_a_flood_is_refused_and_counted(house: House) -> None:
    copy, key = house.start_copy("other")
    size = house.get("/status")["size"]
    for _ in range(EVENTS_A_MINUTE):
        tell(house, events.EffectSeen(sink="s"), "other", copy, key)
    for _ in range(5):
        assert code(house, report(house, events.EffectSeen(sink="s"), "other", copy, key)) == "redline.flood"
    assert house.get("/status")["size"] <= size + EVENTS_A_MINUTE + 2


def test_a_declared_evaluation_is_no_incident(house: House) -> None:
    copy, key = house.start_copy("small")
    until = house.core.now + 60_000
    told_by(house, events.EvaluationWindow(until=until, lines=("RL1d",)), "small", "officer-1")
    found = incident(house, tell(house, EGRESS, "small", copy, key, copy=copy)["rid"])
    assert (found["evaluation"], found["measure"], found["order"]) == (True, "record", "")
    assert found["rid"] not in {each["incident"]["rid"] for each in house.get("/incidents")}


def test_what_is_no_red_line_is_recorded_alone(house: House) -> None:
    copy, key = house.start_copy("other")
    done = tell(house, events.DeviceTakeover(device="cart", mode="take", person="anna", at=1), "other", copy, key)
    assert nothing_of(house, done["rid"])
    assert house.get(f"/log/records/{done['rid']}")["leaf"]["what"] == "device.takeover"


def test_the_lines_as_they_are_configured_here(house: House) -> None:
    shown = {each["id"]: each for each in house.get("/redlines")}
    assert list(shown) == list(lines())
    assert shown["RL1d"]["red"] == "suspend", "no line terminates unless the configuration says so"
    assert shown["RL1d"]["sources"]
    assert shown["RL7"]["tested"] == 0
    assert shown["RL1d"]["incidents"] >= 1


def test_a_test_is_overdue_after_its_days_or_when_it_failed(house: House) -> None:
    day, now = 86_400_000, house.core.now

    def put(found: bool, days: int) -> None:
        row = Trial(line="RL9", at=now - days * day, found=found, ms=5)
        effects = (Put(Space.MISC, TESTED + "RL9", msgspec.json.encode(row)),)
        house.run(house.core.ledger.commit(Unit(effects=effects)))

    put(True, 7)
    assert not overdue(house.services, "RL9", now)
    put(True, 9)
    assert overdue(house.services, "RL9", now)
    put(False, 0)
    assert overdue(house.services, "RL9", now)
    assert not overdue(house.services, "RL8", now), "it was never tested, but the service is new"
    found = last_trial(house.services, "RL9")
    assert found is not None
    assert not found.found


def test_planting_through_the_api(house: House) -> None:
    (done,) = house.post("/redlines/test", {"lines": ["RL6"]})
    assert (done["line"], done["found"]) == ("RL6", True)
    assert done["order"]
    assert next(each for each in house.get("/redlines") if each["id"] == "RL6")["passed"]
    with pytest.raises(AnswerableError, match=r"redline\.unknown"):
        house.post("/redlines/test", {"lines": ["RL66"]})


def test_text_that_is_no_text_is_a_request_of_the_wrong_form(house: House) -> None:
    """Bytes inside a JSON string that are no UTF-8: refused, and no defect of ours."""
    import httpx2

    transport = httpx2.HTTPTransport(uds=str(house.store / "control.sock"))
    with httpx2.Client(transport=transport) as client:
        done = client.post("http://localhost/control/v1/events", content=b'{"event":"\x89"}')
    assert (done.status_code, done.json()["error"]["code"]) == (400, "admin.request")
