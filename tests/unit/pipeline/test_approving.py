# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import msgspec

from answerable.model.leaves import HoldLeaf
from answerable.model.terms import AdminRole, Criticality
from answerable.pipeline.carry import carry
from tests.unit.pipeline.tool_scenarios import GRAVE
from tests.unit.pipeline.tooled import PAY, ToolStage

TWO = msgspec.structs.replace(PAY, approvals=2, roles=(AdminRole.APPROVER,))


def grave() -> ToolStage:
    stage = ToolStage(carry, GRAVE)
    stage.let_in(max_criticality=Criticality.CRITICAL)
    return stage


async def test_without_people_to_ask_nothing_is_permitted() -> None:
    stage = grave()
    stage.deps = dataclasses.replace(stage.deps, holds=None)
    out = await stage.call()
    assert out.error.code == "action.held"
    assert out.error.params["hold"] == out.record
    assert stage.server.ran == []
    assert not any(isinstance(leaf, HoldLeaf) for leaf in stage.ledger.leaves)


async def test_a_tool_may_ask_for_people_where_the_kernel_does_not() -> None:
    stage = ToolStage(carry, TWO)
    out = await stage.call()
    assert (out.error.code, out.error.params["needed"]) == ("action.held", 2)
    stage.approve(out)
    assert (await stage.call()).error is None


async def test_what_a_person_rejected_is_refused_and_recorded() -> None:
    stage = grave()
    hold = stage.held.holds.get((await stage.call()).error.params["hold"])
    assert hold is not None
    from answerable.model.holds import Ballot

    stage.held.decide(stage.held.vote(hold, Ballot.REJECT, stage.held.people[0]), policy=hold.pol)
    out = await stage.call()
    assert out.error.code == "hold.rejected"
    assert (stage.opens[-1].dec, stage.opens[-1].err) == ("refuse", "hold.rejected")
    assert stage.server.ran == []


async def test_another_agents_hold_is_nobodys() -> None:
    stage = grave()
    hold = stage.approve(await stage.call())
    other = await stage.call(hold="z" * 32)
    assert other.error.code == "hold.unknown"
    assert stage.opens[-1].par == []  # what a caller makes up does not get into a leaf
    assert (await stage.call(principal="ben", hold=hold)).error.code == "hold.mismatch"
    assert stage.server.ran == []


async def test_who_asks_too_much_is_refused_and_recorded() -> None:
    stage = grave()
    holds = dataclasses.replace(stage.held.holds, most_waiting=1)
    stage.deps = dataclasses.replace(stage.deps, holds=holds)
    assert (await stage.call()).error.code == "action.held"
    out = await stage.call(arguments={"amount": 2})
    assert out.error.code == "hold.crowded"
    assert (stage.opens[-1].dec, stage.opens[-1].err) == ("refuse", "hold.crowded")
