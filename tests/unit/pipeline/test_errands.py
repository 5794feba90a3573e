# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.errors import Refused
from answerable.model.calls import RAN, TOOL
from answerable.model.terms import Criticality, SystemKind, World
from answerable.model.tools import Bound
from answerable.model.units import Drop, Rider
from answerable.pipeline.carry import carry
from answerable.pipeline.errands import Errand, Sent, outfit, within
from answerable.tools.calls import Answered
from tests.unit.pipeline.scripted import bearer, system
from tests.unit.pipeline.tooled import PAY, READ, ToolStage


def fitted(stage: ToolStage, **changed: Any) -> Errand:
    action = stage.asks(**changed)
    errand = outfit(action, stage.deps)
    caller = stage.desk.callers["ans_good"]
    within(errand, action, caller, caller.system.tier)
    return errand


def code(stage: ToolStage, **changed: Any) -> str:
    with pytest.raises(Refused) as caught:
        fitted(stage, **changed)
    return caught.value.code


def test_what_is_judged_is_what_is_meant_and_not_how_it_is_written() -> None:
    stage = ToolStage(carry)
    one = fitted(stage, arguments={"b": [1.0, {"y": None, "x": "é"}], "a": 1e-7})
    two = fitted(stage, arguments={"a": 0.0000001, "b": [1, {"x": "é", "y": None}]})
    assert one.exact == two.exact == '{"a":1e-7,"b":[1,{"x":"é","y":null}]}'.encode()


def test_the_graver_counts_and_worlds_agree() -> None:
    stage = ToolStage(carry, msgspec.structs.replace(PAY, criticality=Criticality.ORDINARY))
    stage.let_in(max_criticality=Criticality.SENSITIVE)
    assert fitted(stage, criticality=Criticality.SENSITIVE).criticality is Criticality.SENSITIVE
    assert fitted(stage, criticality=Criticality.CREATIVE).criticality is Criticality.ORDINARY
    assert fitted(stage).world is World.INFORMATION
    assert code(stage, world=World.PHYSICAL) == "tool.domain"
    stage = ToolStage(carry, msgspec.structs.replace(PAY, domain="nobody knows it"))
    assert code(stage) == "tool.domain"


def test_an_envelope_that_holds_is_a_fact() -> None:
    stage = ToolStage(carry, msgspec.structs.replace(PAY, envelope=(Bound(at="/amount", most="500"),)))
    assert fitted(stage).inside
    assert not fitted(ToolStage(carry)).inside


def test_detectors_see_every_text_without_escapes() -> None:
    stage = ToolStage(carry)
    given = {"note": 'a "key"\nhere', "deep": [{"inner name": ["x", 4111111111111111, True, None]}]}
    seen = fitted(stage, arguments=given).text()
    for text in ("note", 'a "key"\nhere', "deep", "inner name", "4111111111111111"):
        assert text in seen


def test_what_leaves_tell_of_it() -> None:
    errand = fitted(ToolStage(carry))
    assert errand.told() == {TOOL: {"name": "pay", "pin": PAY.pin, "srv": "bank"}}
    errand.modified = True
    assert errand.told()[TOOL]["mod"] is True


async def test_a_call_without_a_window_is_each_time_another_one() -> None:
    stage = ToolStage(carry)
    action, caller = stage.asks("read"), stage.desk.callers["ans_good"]
    errand = fitted(stage, tool="read")
    assert await errand.enter(action, caller, stage.calls, stage.clock.now_ms) is None
    assert errand.run is None
    assert errand.context(0) == (b"", 0)
    assert errand.begin("r", 0, 0) == Rider()
    assert errand.finish(Sent.PERHAPS) == (Rider(), {})
    errand.leave()
    assert READ.idempotency_s == 0


async def test_its_end_is_told_by_how_far_it_got() -> None:
    stage = ToolStage(carry)
    caller = stage.desk.callers["ans_good"]
    ends: dict[Sent, tuple[Rider, dict[str, Any]]] = {}
    for number, sent in enumerate(Sent):
        errand = fitted(stage, arguments={"n": number})
        assert await errand.enter(stage.asks(), caller, stage.calls, stage.clock.now_ms) is None
        body, until = errand.context(5)
        assert until == 5 + PAY.idempotency_s * 1_000
        assert msgspec.json.decode(body)["until"] == until
        stage.held.book.apply(errand.begin(f"r{number}", 5, until).effects)
        ends[sent] = errand.finish(sent)
        errand.leave()
    assert ends[Sent.ANSWERED][1] == {}
    assert ends[Sent.PERHAPS][1] == {RAN: "unknown"}
    assert ends[Sent.NOT][1] == {RAN: "no"}
    assert isinstance(ends[Sent.NOT][0].effects[0], Drop)


async def test_who_asks_for_the_same_is_told_what_it_answered() -> None:
    stage = ToolStage(carry)
    ran = await stage.call()
    errand = fitted(stage)
    caller = stage.desk.callers["ans_good"]
    earlier = await errand.enter(stage.asks(), caller, stage.calls, stage.clock.now_ms)
    assert isinstance(earlier, Answered)
    assert earlier.record == ran.record


def test_what_an_ai_made_bears_a_label() -> None:
    errand = fitted(ToolStage(carry))
    assert not errand.made(bearer(system("desk", 9, kind=SystemKind.APPLICATION)))
    for kind in (SystemKind.MODEL, SystemKind.AGENT, SystemKind.ROBOT, SystemKind.DIGITAL_HUMAN):
        assert errand.made(bearer(system("desk", 9, kind=kind)))
