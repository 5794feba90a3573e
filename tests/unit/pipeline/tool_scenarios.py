# SPDX-License-Identifier: Apache-2.0
"""What must hold of a tool call, as scripts over `carry`. `test_tools` runs them on the real one; `test_tool_mutants`
runs them on mutants, of which each must make its named scenario fail."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import msgspec

from answerable.errors import Refused, Unavailable
from answerable.log.leaf import rid
from answerable.model.actions import About, Decision, Facts
from answerable.model.budgets import Budget
from answerable.model.calls import CallState
from answerable.model.holds import Ballot
from answerable.model.leaves import HoldLeaf, OpenLeaf
from answerable.model.terms import Criticality, Ruling, World
from answerable.model.tools import Bound, MeterKind, ToolMeter
from answerable.model.units import Space, Unit
from answerable.model.warrants import Credential, Peer
from answerable.tools.calls import Calls
from answerable.tools.holds import SPENDS
from answerable.tools.spending import Spending
from tests.unit.pipeline.scripted import Carry, Models, Recorder, Stage, answer, bearer
from tests.unit.pipeline.tooled import PAY, SECRET, ToolStage, result, said

_tool = msgspec.structs.replace
ENVELOPE = (Bound(at="/amount", most="500"),)
# What the kernel leaves to two people, in every world and at every tier.
GRAVE = _tool(PAY, criticality=Criticality.CRITICAL, domain="general")


async def _refused(stage: ToolStage, code: str, **call: Any) -> Recorder:
    """Refused with the code, recorded under its caller, and nothing reached the server."""
    out = await stage.call(**call)
    assert out.code == code, out.error
    assert stage.server.ran == []
    assert stage.opens[-1].sys == stage.app.rid
    assert stage.opens[-1].err == code
    assert stage.opens[-1].dec != "permit"
    return out


async def an_unknown_tool_is_refused_and_recorded(carry: Carry) -> None:
    stage = ToolStage(carry)
    await _refused(stage, "tool.unknown", tool="pаy")  # with a letter that only looks like an a
    stage.registry.changed.add("bank/pay")
    await _refused(stage, "tool.changed")


async def a_gateway_without_tools_carries_no_call(carry: Carry) -> None:
    stage = ToolStage(carry)
    stage.deps = dataclasses.replace(stage.deps, tools=None, models=Models([]))
    await _refused(stage, "tool.nowhere")
    stage = ToolStage(carry)
    stage.deps = dataclasses.replace(stage.deps, calls=None)
    await _refused(stage, "tool.nowhere")


async def a_tool_beyond_the_warrant_is_refused(carry: Carry) -> None:
    stage = ToolStage(carry)
    stage.let_in(tools=("bank/read",))
    await _refused(stage, "warrant.tool")
    stage.let_in(tools=())
    await _refused(stage, "warrant.tool")


async def a_graver_tool_than_the_warrant_allows_is_refused(carry: Carry) -> None:
    stage = ToolStage(carry, _tool(PAY, criticality=Criticality.SENSITIVE))
    await _refused(stage, "warrant.criticality")
    assert stage.opens[-1].x["answerable.tool"]["name"] == "pay"
    stage = ToolStage(carry)
    await _refused(stage, "warrant.criticality", criticality=Criticality.SENSITIVE)


async def the_world_of_a_call_is_its_tools(carry: Carry) -> None:
    stage = ToolStage(carry, _tool(PAY, world=World.PHYSICAL, envelope=ENVELOPE))
    await _refused(stage, "warrant.world")


async def arguments_outside_the_envelope_are_refused(carry: Carry) -> None:
    stage = ToolStage(carry, _tool(PAY, envelope=ENVELOPE))
    await _refused(stage, "tool.envelope", arguments={"amount": 501})
    await _refused(stage, "tool.envelope", arguments={"amount": 1, "to": "x"})
    assert (await stage.call(arguments={"amount": 500})).error is None


async def arguments_without_a_canonical_form_are_refused(carry: Carry) -> None:
    stage = ToolStage(carry)
    await _refused(stage, "tool.arguments", arguments={"amount": 2**60})
    await _refused(stage, "tool.arguments", arguments=[1])


async def a_system_of_too_high_a_tier_is_refused(carry: Carry) -> None:
    stage = ToolStage(carry, _tool(PAY, max_tier=0))
    stage.app = msgspec.structs.replace(stage.app, tier=1)
    stage.let_in()
    await _refused(stage, "tool.tier")


async def what_a_system_made_is_judged_at_the_tier_of_its_makers(carry: Carry) -> None:
    """A child of tier 0 does nothing with its tools that its maker of tier 3 does not."""
    stage = ToolStage(carry, _tool(PAY, max_tier=2))
    stage.deps = dataclasses.replace(stage.deps, tier_of=lambda who: 3 if who.rid == stage.app.rid else who.tier)
    out = await _refused(stage, "tool.tier")
    assert out.error.params == {"most": 2, "tier": 3}
    assert stage.opens[-1].tier == 3
    stage.registry.tools[PAY.key] = _tool(PAY, max_tier=3)
    out = await _refused(stage, "action.held")  # at its own tier it would have run
    assert (out.error.params["needed"], stage.opens[-1].rule, stage.opens[-1].tier) == (2, "R033", 3)


async def a_tool_that_asks_for_an_attestation_is_refused_without(carry: Carry) -> None:
    stage = ToolStage(carry, _tool(PAY, attestation="https://x.invalid/safe"))
    await _refused(stage, "policy.refused")
    held: list[tuple[str, str]] = []
    stage.deps = dataclasses.replace(stage.deps, attested=lambda who, what: not held.append((who.rid, what)))
    assert (await stage.call()).error is None
    assert held == [(stage.app.rid, "https://x.invalid/safe")]


async def a_tool_with_a_meter_needs_a_budget(carry: Carry) -> None:
    stage = ToolStage(carry, _tool(PAY, meters=(ToolMeter(kind=MeterKind.CALLS),)))
    await _refused(stage, "policy.refused")


async def where_money_moves_a_budget_of_calls_is_not_enough(carry: Carry) -> None:
    """Also of a tool that was classified before its domain asked for money to be counted."""
    calls, money = ToolMeter(kind=MeterKind.CALLS), ToolMeter(kind=MeterKind.MONEY, most=1, currency="EUR")
    for meters, code in (((calls,), "policy.refused"), ((calls, money), "action.held")):
        stage = ToolStage(carry, _tool(PAY, domain="payment", envelope=ENVELOPE, meters=meters))
        stage.let_in(max_criticality=Criticality.CRITICAL)
        own = (
            Budget(kind=MeterKind.CALLS, most=9, hours=1),
            Budget(kind=MeterKind.MONEY, currency="EUR", most=9, hours=1),
        )
        spending = Spending(stage.held.book, stage.clock, budgets=own)
        stage.deps = dataclasses.replace(stage.deps, budgets=spending)
        await _refused(stage, code)


async def motion_needs_a_guard(carry: Carry) -> None:
    stage = ToolStage(carry, _tool(PAY, world=World.PHYSICAL, envelope=ENVELOPE))
    stage.let_in(worlds=(World.INFORMATION, World.PHYSICAL))
    await _refused(stage, "policy.refused")
    key = stage.desk.callers["ans_good"].warrant.key
    shown = Credential("ans_good", Peer("127.0.0.1", key=key))
    assert (await stage.call(credential=shown)).error is None
    # The same over a handle proves nothing: this gateway holds the warrant, not the guard.
    stage = ToolStage(carry, _tool(PAY, world=World.PHYSICAL, envelope=ENVELOPE))
    stage.let_in(worlds=(World.INFORMATION, World.PHYSICAL), held=True)
    stage.desk.models[stage.desk.callers["ans_good"].copy.rid] = stage.desk.callers["ans_good"]
    await _refused(stage, "policy.refused", credential=shown)


async def a_secret_in_the_arguments_is_not_sent(carry: Carry) -> None:
    stage = ToolStage(carry)
    await _refused(stage, "redline.credential", arguments={"note": ["fine", {"deep": "a forbid" + "den word"}]})


async def a_secret_in_the_result_does_not_leave_and_the_call_is_not_repeated(carry: Carry) -> None:
    stage = ToolStage(carry)
    stage.server.script = stage.says(result("forbidden"))
    out = await stage.call()
    assert out.code == "redline.credential"
    assert b"forbidden" not in out.data
    assert [leaf.st for leaf in stage.closes] == ["refused"]
    again = await stage.call()
    assert again.code == "call.done"
    assert again.error.params["record"] == out.record
    assert len(stage.server.ran) == 1


async def a_call_is_carried_on_the_same_seven_steps(carry: Carry) -> None:
    stage = ToolStage(carry)
    out = await stage.call()
    assert out.error is None
    assert stage.ledger.log == ["OpenLeaf", "call", "CloseLeaf"]
    assert stage.trace.steps == ["check", "decide", "intend", "call", "watch", "label", "record"]
    assert stage.trace.tools == ["bank/pay"]
    (leaf,) = stage.opens
    assert (leaf.act, leaf.sys, leaf.via, leaf.dec) == ("tool_call", stage.app.rid, stage.bank.rid, "permit")
    assert leaf.x == {"answerable.tool": {"name": "pay", "pin": PAY.pin, "srv": "bank"}}
    assert stage.server.ran == [b'{"arguments":{"amount":100},"name":"pay"}']
    assert said(out)["_meta"]["answerable/record"] == out.record


async def what_no_ai_made_bears_no_label(carry: Carry) -> None:
    stage = ToolStage(carry)
    out = await stage.call()
    assert "answerable/aigc" not in said(out)["_meta"]
    assert (out.aigc, out.notice) == (b"", "")
    stage = ToolStage(carry, _tool(PAY, generates=True))
    out = await stage.call()
    assert said(out)["_meta"]["answerable/aigc"]["ProduceID"] == out.record
    assert out.aigc


async def twenty_that_are_the_same_run_once(carry: Carry) -> None:
    stage = ToolStage(carry)
    stage.server.script = stage.says(lambda: asyncio.sleep(0.02), result())
    outs = await asyncio.gather(*(stage.call() for _ in range(20)))
    assert [out.error for out in outs] == [None] * 20
    assert len(stage.server.ran) == 1
    (leaf,) = stage.opens
    assert {out.record for out in outs} == {rid(stage.ledger.units[0].leaves[0])}
    assert {said(out)["_meta"]["answerable/record"] for out in outs} == {outs[0].record}
    assert [row.state for row in stage.rows()] == [CallState.DONE]
    assert leaf.dec == "permit"


async def an_answer_that_was_lost_is_told_again(carry: Carry) -> None:
    stage = ToolStage(carry)

    class Gone(Recorder):
        async def send(self, data: bytes) -> None:
            raise Refused("request.disconnected")

    first = Gone()
    await stage.call(out=first)
    assert first.code == "request.disconnected"
    again = await stage.call()
    assert again.error is None
    assert said(again)["content"] == [{"type": "text", "text": "paid"}]
    assert again.record == first.record
    assert len(stage.server.ran) == 1
    assert len(stage.opens) == len(stage.closes) == 1


class _Says:
    """A policy that says what it is told to say."""

    def __init__(self) -> None:
        self.digest, self.ruling = "a", Ruling.PERMIT

    def decide(self, facts: Facts, about: About) -> Decision:
        return Decision(self.ruling, "OWN", "said")


async def who_is_refused_a_call_now_is_not_told_what_it_answered(carry: Carry) -> None:
    stage = ToolStage(carry)
    policy = _Says()
    stage.deps = dataclasses.replace(stage.deps, policies=(policy,))
    ran = await stage.call()
    assert ran.error is None
    for ruling, code in ((Ruling.REFUSE, "policy.refused"), (Ruling.HOLD, ""), (Ruling.PERMIT, "")):
        policy.ruling = ruling
        records = len(stage.opens)
        out = await stage.call()
        assert out.code == code, out.error
        assert out.data == b"" if code else out.record == ran.record
        assert len(stage.opens) - records == bool(code), "a refusal is recorded, what is told again is not"
    assert [leaf.dec for leaf in stage.opens] == ["permit", "refuse"]
    assert len(stage.server.ran) == 1


async def what_waited_for_its_twin_is_decided_anew(carry: Carry) -> None:
    stage = ToolStage(carry)
    policy = _Says()
    stage.deps = dataclasses.replace(stage.deps, policies=(policy,))
    stage.server.script = stage.says(lambda: asyncio.sleep(0.02), Unavailable("upstream.unreachable"))
    first = asyncio.create_task(stage.call())
    await stage.server.reached.wait()
    second = asyncio.create_task(stage.call())
    await asyncio.sleep(0.005)
    policy.ruling, policy.digest = Ruling.REFUSE, "b"
    assert (await first).code == "upstream.unreachable"
    assert (await second).code == "policy.refused"
    assert len(stage.server.ran) == 1
    assert [leaf.dec for leaf in stage.opens] == ["permit", "refuse"]
    assert stage.opens[0].pol != stage.opens[1].pol
    policy.ruling = Ruling.PERMIT
    stage.server.script = stage.says(result())
    assert (await stage.call()).error is None, "its key is free"


async def another_call_is_another_call(carry: Carry) -> None:
    stage = ToolStage(carry)
    await stage.call()
    await stage.call(again="the second coffee")
    await stage.call(arguments={"amount": 101})
    await stage.call(principal="ben")
    await stage.call(again="the second coffee")  # which is the same again
    await stage.call(arguments={"amount": 100.0})  # which is the same number
    assert len(stage.server.ran) == 4
    stage.clock.ms += PAY.idempotency_s * 1_000
    stage.let_in()
    stage.desk.models = {rid_: bearer(stage.bank, exp_ms=stage.clock.ms + 60_000) for rid_ in stage.desk.models}
    await stage.call()
    assert len(stage.server.ran) == 5


async def a_read_runs_each_time_unless_its_caller_says_otherwise(carry: Carry) -> None:
    stage = ToolStage(carry)
    for _ in range(2):
        assert (await stage.call("read")).error is None
        assert (await stage.call("read", again="once")).error is None
    assert len(stage.server.ran) == 3


async def an_unknown_outcome_blocks_its_key(carry: Carry) -> None:
    stage = ToolStage(carry)
    stage.server.script = stage.says(Unavailable("upstream.timeout"))
    first = await stage.call()
    assert first.code == "upstream.timeout"
    assert stage.closes[-1].x == {"answerable.ran": "unknown"}
    stage.server.script = stage.says(result())
    again = await stage.call()
    assert again.code == "call.unknown"
    assert again.error.params["record"] == first.record
    assert len(stage.server.ran) == 1
    # A window that has passed makes it no better known.
    stage.clock.ms += 2 * PAY.idempotency_s * 1_000
    stage.let_in()
    stage.desk.models = {rid_: bearer(stage.bank, exp_ms=stage.clock.ms + 60_000) for rid_ in stage.desk.models}
    assert (await stage.call()).code == "call.unknown"
    assert len(stage.server.ran) == 1


async def what_was_never_sent_may_run(carry: Carry) -> None:
    stage = ToolStage(carry)
    stage.server.refuses = Unavailable("upstream.unreachable")
    assert (await stage.call()).code == "upstream.unreachable"
    assert stage.closes[-1].x == {"answerable.ran": "no"}
    assert stage.rows() == []
    stage.server.refuses = None
    assert (await stage.call()).error is None
    assert len(stage.server.ran) == 1


async def a_call_that_is_cut_in_flight_blocks_its_key(carry: Carry) -> None:
    stage = ToolStage(carry)

    async def stop() -> None:
        stage.gate.stopped[stage.app.num] = "order"
        stage.flights.stops_changed()
        await asyncio.sleep(1)

    stage.server.script = stage.says(stop, result())
    out = await stage.call()
    assert out.code == "stop.system"
    assert [leaf.st for leaf in stage.closes] == ["stopped"]
    stage.gate.stopped.clear()
    assert (await stage.call()).code == "call.unknown"
    assert len(stage.server.ran) == 1


async def a_caller_that_is_cancelled_in_flight_blocks_its_key(carry: Carry) -> None:
    stage = ToolStage(carry)
    stage.server.script = stage.says(lambda: asyncio.sleep(5), result())
    task = asyncio.create_task(stage.call())
    other = asyncio.create_task(stage.call())
    await stage.server.reached.wait()
    task.cancel()
    await asyncio.wait([task, other])
    assert [leaf.st for leaf in stage.closes] == ["error"]
    assert stage.outs[1].code == "call.unknown"
    assert len(stage.server.ran) == 1


async def a_call_that_nobody_wrote_the_end_of_blocks_its_key(carry: Carry) -> None:
    stage = ToolStage(carry)
    stage.ledger.failing = lambda unit: Unavailable("log.stopped") if b'"close"' in unit.leaves[0] else None
    out = await stage.call()
    assert out.code == "log.stopped"
    assert [row.state for row in stage.rows()] == [CallState.BEGUN]
    stage.ledger.failing = lambda unit: None
    # Another process, over the same store.
    stage.deps = dataclasses.replace(stage.deps, calls=Calls(stage.held.book, SECRET, stage.deps.calls._kept))
    again = await stage.call()
    assert again.code == "call.unknown"
    assert len(stage.server.ran) == 1


async def who_waits_for_a_twin_is_cut_by_a_stop(carry: Carry) -> None:
    stage = ToolStage(carry)
    stage.server.script = stage.says(lambda: asyncio.sleep(0.3), result())
    first = asyncio.create_task(stage.call())
    await stage.server.reached.wait()
    second = asyncio.create_task(stage.call())
    await asyncio.sleep(0.01)
    stage.gate.stopped[stage.app.num] = "order"
    assert stage.flights.stops_changed() == 2
    await asyncio.wait([first, second], timeout=0.2)
    assert second.done()
    assert stage.outs[1].code == "stop.system"


async def who_waited_is_admitted_again(carry: Carry) -> None:
    stage = ToolStage(carry)

    async def revoke() -> None:
        await asyncio.sleep(0.01)
        stage.desk.refusals["ans_other"] = "handle.revoked"

    stage.desk.callers["ans_other"] = stage.desk.callers["ans_good"]
    stage.server.script = stage.says(revoke, result())
    first = asyncio.create_task(stage.call())
    await stage.server.reached.wait()
    second = await stage.call(credential=Credential("ans_other", Peer("127.0.0.1")))
    await first
    assert second.code == "handle.revoked"
    assert second.data == b""


async def a_grave_call_waits_for_people_and_runs_once(carry: Carry) -> None:
    stage = ToolStage(carry, GRAVE)
    stage.let_in(max_criticality=Criticality.CRITICAL)
    out = await stage.call()
    assert out.code == "action.held"
    assert stage.server.ran == []
    opened, asked = stage.ledger.leaves
    assert isinstance(opened, OpenLeaf)
    assert isinstance(asked, HoldLeaf)
    assert (opened.dec, asked.open, asked.need) == ("hold", rid(stage.ledger.units[0].leaves[0]), 2)
    assert out.error.params["needed"] == 2
    waiting = await stage.call()  # the same again is not asked again
    assert waiting.error.params["hold"] == out.error.params["hold"]
    assert sum(isinstance(leaf, HoldLeaf) for leaf in stage.ledger.leaves) == 1
    assert stage.opens[-1].par == [asked.open]
    hold = stage.approve(out)
    stage.let_in(max_criticality=Criticality.CRITICAL)
    ran = await stage.call()
    assert ran.error is None
    permitted = stage.opens[-1]
    assert (permitted.dec, permitted.par, permitted.x[SPENDS]) == ("permit", [asked.open], hold)
    assert stage.held.holds.get(hold).spent == ran.record
    assert len(stage.server.ran) == 1
    # Once: the same again is its answer again; as another call it waits for people anew.
    assert (await stage.call()).record == ran.record
    assert (await stage.call(hold=hold)).record == ran.record
    assert (await stage.call(again="once more")).code == "action.held"
    assert len(stage.server.ran) == 1


async def a_hold_that_has_expired_ends_in_refusal(carry: Carry) -> None:
    """Answered or not: what was asked never runs under it. Asked without naming it, people are asked anew."""
    stage = ToolStage(carry, GRAVE)
    stage.let_in(max_criticality=Criticality.CRITICAL)
    for approved in (False, True):
        key = f"approved {approved}"
        out = await stage.call(again=key)
        hold = stage.held.holds.get(out.error.params["hold"])
        assert hold is not None
        if approved:
            stage.approve(out)
        stage.clock.ms = hold.exp
        far = stage.clock.ms + 60_000
        stage.let_in(max_criticality=Criticality.CRITICAL)
        stage.desk.models = {rid_: bearer(stage.bank, exp_ms=far) for rid_ in stage.desk.models}
        for named in (hold.rid, hold.open):
            refused = await _refused(stage, "hold.expired", hold=named, again=key)
            assert refused.error.params["hold"] == hold.rid
            assert stage.opens[-1].dec == "refuse"
        anew = await stage.call(again=key)
        assert anew.code == "action.held"
        assert anew.error.params["hold"] != hold.rid
        assert anew.error.params["have"] == 0, "nobody has agreed to this one"
        kept = stage.held.holds.get(hold.rid)
        assert kept is not None
        assert kept.spent == ""
        assert stage.server.ran == []


async def what_undoes_a_call_is_a_call(carry: Carry) -> None:
    """Neither `undo` nor `dry_run` of a class is a way round."""
    pay = _tool(PAY, undo="unpay", dry_run="/dry")
    stage = ToolStage(carry, pay)
    assert (await stage.call()).error is None
    stage.server.ran.clear()
    await _refused(stage, "tool.unknown", tool="unpay")
    assert stage.opens[-1].dec == "refuse"
    stage = ToolStage(carry, pay, _tool(PAY, name="unpay", approvals=2))
    out = await stage.call("unpay")
    assert out.code == "action.held"
    assert out.error.params["needed"] == 2
    assert stage.server.ran == []
    stage.approve(out)
    stage.let_in()
    assert (await stage.call("unpay")).error is None
    assert stage.server.ran == [b'{"arguments":{"amount":100},"name":"unpay"}']
    stage = ToolStage(carry, _tool(GRAVE, undo="unpay", dry_run="/dry"))
    stage.let_in(max_criticality=Criticality.CRITICAL)
    await _refused(stage, "action.held", arguments={"amount": 100, "dry": True})


async def the_approval_is_used_in_the_unit_of_its_open_leaf(carry: Carry) -> None:
    stage = ToolStage(carry, GRAVE)
    stage.let_in(max_criticality=Criticality.CRITICAL)
    hold = stage.approve(await stage.call())
    stage.ledger.failing = lambda unit: Unavailable("log.full") if b'"permit"' in unit.leaves[0] else None
    assert (await stage.call()).code == "log.full"
    assert stage.held.holds.get(hold).spent == ""
    stage.ledger.failing = lambda unit: None
    units: list[Unit] = stage.ledger.units
    ran = await stage.call()
    assert ran.error is None
    (unit,) = [each for each in units if rid(each.leaves[0]) == ran.record]
    assert {effect.space for effect in unit.effects} == {Space.OPENS, Space.CALLS, Space.HELD}


async def other_arguments_than_those_approved_are_not_run(carry: Carry) -> None:
    stage = ToolStage(carry, GRAVE)
    stage.let_in(max_criticality=Criticality.CRITICAL)
    hold = stage.approve(await stage.call())
    out = await stage.call(arguments={"amount": 101}, hold=hold)
    assert out.code == "hold.mismatch"
    assert (await stage.call(arguments={"amount": 101})).code == "action.held"
    assert stage.server.ran == []


async def changed_arguments_run_and_are_judged(carry: Carry) -> None:
    stage = ToolStage(carry, _tool(GRAVE, envelope=ENVELOPE))
    stage.let_in(max_criticality=Criticality.CRITICAL)
    for amount, code in ((5, ""), (501, "tool.envelope")):
        out = await stage.call(again=code)
        held = stage.held
        hold = held.holds.get(out.error.params["hold"])
        assert hold is not None
        leaf, changed = held.change(hold, {"amount": amount}, held.people[0])
        hold = held.decide(leaf, changed, policy=hold.pol)
        hold = held.decide(held.vote(hold, Ballot.APPROVE, held.people[1]), policy=hold.pol)
        ran = await stage.call(again=code, hold=hold.rid)
        if code:
            assert ran.code == code
            continue
        assert ran.error is None, ran.error
        assert stage.server.ran == [b'{"arguments":{"amount":5},"name":"pay"}']
        assert stage.opens[-1].x["answerable.tool"]["mod"] is True
        assert stage.held.payloads[ran.record, "in"][1] == stage.server.ran[0]
        # Who asks again as it asked first gets what ran.
        assert (await stage.call()).record == ran.record
    assert len(stage.server.ran) == 1


async def twins_that_wait_for_people_are_asked_about_once(carry: Carry) -> None:
    stage = ToolStage(carry, _tool(GRAVE, idempotency_s=0))
    stage.let_in(max_criticality=Criticality.CRITICAL)
    outs = await asyncio.gather(*(stage.call() for _ in range(5)))
    assert {out.code for out in outs} == {"action.held"}
    assert len({out.error.params["hold"] for out in outs}) == 1
    assert sum(isinstance(leaf, HoldLeaf) for leaf in stage.ledger.leaves) == 1
    assert len(stage.opens) == 5


async def one_approval_is_used_by_one_of_its_twins(carry: Carry) -> None:
    stage = ToolStage(carry, _tool(GRAVE, idempotency_s=0))
    stage.let_in(max_criticality=Criticality.CRITICAL)
    stage.approve(await stage.call())
    outs = await asyncio.gather(*(stage.call() for _ in range(5)))
    assert len(stage.server.ran) == 1
    assert sum(out.error is None for out in outs) == 1
    assert {out.code for out in outs if out.error is not None} <= {"hold.spent", "action.held"}


async def a_held_answer_runs_after_people_agreed(carry: Carry) -> None:
    """A generation, on the same path: 403 `action.held`, and the repeated call opens a second leaf that links it."""
    tools = ToolStage(carry)
    stage = Stage(carry)
    stage.ledger = tools.ledger
    stage.clock.ms = tools.clock.ms
    stage.app = msgspec.structs.replace(tools.app, criticality=Criticality.CRITICAL)
    stage.upstream.log = tools.ledger.log
    far = stage.clock.ms + 60_000
    stage.desk.callers["ans_good"] = bearer(stage.app, exp_ms=far)
    stage.desk.models = {rid_: bearer(stage.model, exp_ms=far) for rid_ in stage.desk.models}
    stage.deps = dataclasses.replace(stage.deps, ledger=tools.ledger, holds=tools.held.holds)
    out = await stage.run()
    assert out.code == "action.held"
    assert stage.upstream.calls == 0
    hold = tools.approve(out)
    first = rid(stage.ledger.units[0].leaves[0])
    stage.out = Recorder()
    stage.upstream.script = stage.says(answer("done"))
    out = await stage.run(hold=first)
    assert out.error is None, out.error
    assert stage.opens[-1].par == [first]
    assert tools.held.holds.get(hold).spent == out.record
    stage.out = Recorder()
    assert (await stage.run(hold=first)).code == "hold.spent"
    stage.out = Recorder()
    assert (await stage.run()).code == "action.held"


ALL = [
    value for name, value in list(globals().items()) if not name.startswith("_") and asyncio.iscoroutinefunction(value)
]
