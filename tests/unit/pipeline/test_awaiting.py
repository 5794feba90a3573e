# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import msgspec
import pytest

from answerable.model.holds import Ballot, Hold, HoldState
from answerable.model.terms import Criticality
from answerable.pipeline.awaiting import standing
from answerable.pipeline.carry import carry
from tests.unit.pipeline.scripted import Models, Served
from tests.unit.pipeline.test_second_looks import later
from tests.unit.pipeline.tool_scenarios import GRAVE
from tests.unit.pipeline.tooled import ToolStage


async def waiting() -> tuple[ToolStage, Hold]:
    stage = ToolStage(carry, GRAVE)
    stage.let_in(max_criticality=Criticality.CRITICAL)
    out = await stage.call()
    hold = stage.held.holds.get(out.error.params["hold"])
    assert hold is not None
    return stage, hold


def told(stage: ToolStage, hold: Hold) -> tuple[HoldState, str]:
    assert stage.deps.holds is not None
    kept = stage.held.holds.get(hold.rid) or hold
    state, refused = standing(kept, stage.deps.holds, stage.deps)
    return state, refused.code if refused is not None else ""


class Otherwise:
    """An operator's policy that came since."""

    digest = "another"

    def decide(self, facts: object, about: object) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("how", ["policy", "tool", "system"])
async def test_of_a_void_hold_the_caller_is_told_why_and_what_to_do(how: str) -> None:
    stage, hold = await waiting()
    assert told(stage, hold) == (HoldState.WAITING, "")
    if how == "policy":
        stage.deps = dataclasses.replace(stage.deps, policies=(Otherwise(),))
    elif how == "tool":
        stage.registry.tools[GRAVE.key] = msgspec.structs.replace(GRAVE, rid="u" * 32)
    else:
        other = msgspec.structs.replace(stage.bank, rid="o" * 32)
        (served,) = stage.models.named("bank", hold.act)
        stage.deps = dataclasses.replace(stage.deps, models=Models([Served(other, served.copy, stage.server, "bank")]))
    code = {"policy": "hold.void", "tool": "hold.registered", "system": "hold.moved"}[how]
    assert told(stage, hold) == (HoldState.VOID, code)
    _, refused = standing(hold, stage.held.holds, stage.deps)
    assert refused is not None
    for language, word in (("en", "anew"), ("zh", "重新调用")):
        assert word in refused.remedy(language)
    # A call that names it is told the same.
    if how != "policy":
        desk = stage.desk.models
        if how == "system":
            stage.desk.models = {
                rid: dataclasses.replace(each, system=msgspec.structs.replace(stage.bank, rid="o" * 32))
                for rid, each in desk.items()
            }
        assert (await stage.call(hold=hold.rid)).code == code


async def test_what_ended_otherwise_says_so() -> None:
    stage, hold = await waiting()
    held = stage.held
    held.decide(held.vote(hold, Ballot.REJECT, held.people[0]), policy=hold.pol)
    assert told(stage, hold) == (HoldState.REJECTED, "hold.rejected")
    stage, hold = await waiting()
    later(stage, hold.exp)
    assert told(stage, hold) == (HoldState.EXPIRED, "hold.expired")
    stage, hold = await waiting()
    assert stage.approve(stage.outs[-1]) == hold.rid
    assert told(stage, hold) == (HoldState.APPROVED, "")
    assert (await stage.call(hold=hold.rid)).error is None
    assert told(stage, hold) == (HoldState.SPENT, "")


async def test_a_model_that_nobody_serves_now_says_nothing() -> None:
    stage, hold = await waiting()
    stage.deps = dataclasses.replace(stage.deps, models=Models([]))
    assert told(stage, hold) == (HoldState.WAITING, "")
