# SPDX-License-Identifier: Apache-2.0
"""A mutant for each check that only a tool call has: the check removed. Each makes its named scenario fail."""

from __future__ import annotations

import asyncio
import inspect
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from answerable.pipeline import approving, carry, endings, errands, record, repeating, riders, steps
from answerable.pipeline.carry import carry as real
from answerable.tools import calls
from tests.unit.pipeline import tool_scenarios as s
from tests.unit.pipeline import tooled

# (check, module, what stands there, what the mutant has instead, the scenario that must fail)
MUTANTS = [
    (
        "without tools",
        steps,
        "    elif deps.tools is None:\n",
        "    elif False:\n",
        s.a_gateway_without_tools_carries_no_call,
    ),
    (
        "warrant's tools",
        errands,
        ", tool=tool.key)",
        ")",
        s.a_tool_beyond_the_warrant_is_refused,
    ),
    (
        "criticality of the row",
        errands,
        "    reach(caller.warrant, world=asks.world, criticality=asks.criticality, tool=tool.key)\n",
        "",
        s.a_graver_tool_than_the_warrant_allows_is_refused,
    ),
    (
        "criticality that was asked for",
        errands,
        "    reach(caller.warrant, world=asks.world, criticality=action.criticality, tool=tool.key)\n",
        "",
        s.a_graver_tool_than_the_warrant_allows_is_refused,
    ),
    (
        "world of the row",
        errands,
        "world=asks.world, criticality",
        "world=World.INFORMATION, criticality",
        s.the_world_of_a_call_is_its_tools,
    ),
    (
        "envelope",
        errands,
        "            if at := envelopes.breach(self.tool.envelope, given):\n",
        "            if at := '':\n",
        s.arguments_outside_the_envelope_are_refused,
    ),
    (
        "canonical arguments",
        errands,
        "        if not isinstance(given, dict):\n",
        "        given = given if isinstance(given, dict) else {}\n        if False:\n",
        s.arguments_without_a_canonical_form_are_refused,
    ),
    (
        "highest tier",
        errands,
        "    if tier > asks.max_tier:\n",
        "    if False:\n",
        s.a_system_of_too_high_a_tier_is_refused,
    ),
    (
        "the tier of who made it, of the tool",
        carry,
        "deps.tier_of(admitted.caller.system)",
        "admitted.caller.system.tier",
        s.what_a_system_made_is_judged_at_the_tier_of_its_makers,
    ),
    (
        "the tier of who made it, of the kernel",
        steps,
        "deps.tier_of(caller.system)",
        "caller.system.tier",
        s.what_a_system_made_is_judged_at_the_tier_of_its_makers,
    ),
    (
        "attestation",
        steps,
        "attested=not asks.attestation or deps.attested(caller.system, asks.attestation)",
        "attested=True",
        s.a_tool_that_asks_for_an_attestation_is_refused_without,
    ),
    (
        "budget",
        steps,
        "funded=deps.budgets.covers(action, caller, tool) and asks.metered(tool.meters)",
        "funded=True",
        s.a_tool_with_a_meter_needs_a_budget,
    ),
    (
        "what the domain asks to be counted",
        steps,
        " and asks.metered(tool.meters)",
        "",
        s.where_money_moves_a_budget_of_calls_is_not_enough,
    ),
    (
        "guard",
        steps,
        "errand.tool, errand.asks, proven(action.credential, caller)",
        "errand.tool, errand.asks, True",
        s.motion_needs_a_guard,
    ),
    (
        "a handle proves nothing",
        steps,
        "return not caller.held and (",
        "return (",
        s.motion_needs_a_guard,
    ),
    (
        "arguments are not watched",
        carry,
        "            watch(errand.text(), open_watches(action, deps))\n",
        "            pass\n",
        s.a_secret_in_the_arguments_is_not_sent,
    ),
    (
        "results are not watched",
        carry,
        'watch("".join([chunk.text for chunk in chunks]), watches)',
        "pass",
        s.a_secret_in_the_result_does_not_leave_and_the_call_is_not_repeated,
    ),
    (
        "no key",
        carry,
        "(earlier := await once(admitted, record, errand, flight, deps)) is not None:",
        "(earlier := None) is not None:",
        s.twenty_that_are_the_same_run_once,
    ),
    (
        "told again before it is decided",
        carry,
        "        if errand is not None and cleared.decision.ruling is not Ruling.REFUSE:\n",
        "        if errand is not None:\n",
        s.who_is_refused_a_call_now_is_not_told_what_it_answered,
    ),
    (
        "decided before it waited",
        repeating,
        "        if weighed or errand.waited:\n",
        "        if weighed:\n",
        s.what_waited_for_its_twin_is_decided_anew,
    ),
    (
        "a principal is anybody",
        errands,
        "principal=action.principal",
        'principal=""',
        s.another_call_is_another_call,
    ),
    (
        "the caller's own key passed over",
        errands,
        "again=action.again",
        'again=""',
        s.another_call_is_another_call,
    ),
    (
        "a time-out counts as not sent",
        carry,
        "        record.sent = Sent.PERHAPS\n",
        "",
        s.an_unknown_outcome_blocks_its_key,
    ),
    (
        "what was never sent counts as sent",
        endings,
        "            if record.sent is Sent.PERHAPS and error.code in NOTHING_DONE:\n",
        "            if False:\n",
        s.what_was_never_sent_may_run,
    ),
    (
        "an answer that came counts as unknown",
        carry,
        "                    record.sent = Sent.ANSWERED\n",
        "                    pass\n",
        s.an_answer_that_was_lost_is_told_again,
    ),
    (
        "an unknown end lapses",
        calls,
        "return row.state is CallState.DONE and row.until <= now_ms",
        "return row.until <= now_ms",
        s.an_unknown_outcome_blocks_its_key,
    ),
    (
        "a begun call counts as none",
        calls,
        "        if row is None or over(row, now()):\n",
        "        if row is None or row.state is CallState.BEGUN or over(row, now()):\n",
        s.a_call_that_nobody_wrote_the_end_of_blocks_its_key,
    ),
    (
        "twins never let go",
        carry,
        "            record.errand.leave()\n",
        "            pass\n",
        s.a_caller_that_is_cancelled_in_flight_blocks_its_key,
    ),
    (
        "who waits does not fly",
        repeating,
        "    flight.take_off(admitted.caller, admitted.candidates[0][1], admitted.horizon)\n",
        "",
        s.who_waits_for_a_twin_is_cut_by_a_stop,
    ),
    (
        "who waited is not admitted again",
        repeating,
        "    await still_admitted(action, flight, deps)\n",
        "",
        s.who_waited_is_admitted_again,
    ),
    (
        "nobody is asked",
        endings,
        "                error = await ask(record, error, deps)\n",
        "                await record.open(error.decision, error.code)\n",
        s.a_grave_call_waits_for_people_and_runs_once,
    ),
    (
        "asked before people agreed",
        approving,
        "    if found is None or found.state is not HoldState.APPROVED:\n",
        "    if found is None:\n",
        s.a_grave_call_waits_for_people_and_runs_once,
    ),
    (
        "the approval is not used up",
        riders,
        "            found.append(self._deps.holds.spend(record.hold, rid, self._now))\n",
        "            pass\n",
        s.one_approval_is_used_by_one_of_its_twins,
    ),
    (
        "a held answer is answered",
        carry,
        "cleared.decision.ruling is Ruling.HOLD:\n            if (earlier",
        "False:\n            if (earlier",
        s.a_held_answer_runs_after_people_agreed,
    ),
    (
        "changed arguments are not judged",
        approving,
        "        record.errand.take(action)\n",
        "        pass\n",
        s.changed_arguments_run_and_are_judged,
    ),
    (
        "changed arguments are not run",
        carry,
        "            action, cleared = record.action, record.cleared\n",
        "            cleared = record.cleared\n",
        s.changed_arguments_run_and_are_judged,
    ),
    (
        "the call's key is not written",
        riders,
        "            found.append(record.errand.begin(rid, self._now, self._until))\n",
        "            pass\n",
        s.a_call_that_nobody_wrote_the_end_of_blocks_its_key,
    ),
    (
        "everything is labelled",
        carry,
        "        made = errand is None or errand.made(model)\n",
        "        made = True\n",
        s.what_no_ai_made_bears_no_label,
    ),
]
_ROOMS = (calls, errands, steps, riders, record, repeating, approving, endings, carry)


@contextmanager
def mutated(module: types.ModuleType, old: str, new: str) -> Iterator[Any]:
    """`carry` of a world in which `module` has `new` where it has `old`, and all that stand on it are made anew."""
    source = inspect.getsource(module)
    assert old in source, "the mutant has nothing to change"
    before = {room.__name__: room for room in _ROOMS}
    try:
        for room in _ROOMS[_ROOMS.index(module) :] if module in _ROOMS else ():
            text = inspect.getsource(room)
            made = types.ModuleType(room.__name__)
            made.__file__ = room.__file__
            sys.modules[room.__name__] = made
            setattr(sys.modules[room.__name__.rpartition(".")[0]], room.__name__.rpartition(".")[2], made)
            code = compile(text.replace(old, new) if room is module else text, str(room.__file__), "exec")
            exec(code, made.__dict__)
        for stand in (tooled, s):
            stand.Calls = sys.modules[calls.__name__].Calls  # type: ignore[attr-defined]
        yield sys.modules[carry.__name__].carry
    finally:
        for stand in (tooled, s):
            stand.Calls = calls.Calls  # type: ignore[attr-defined]
        for name, room in before.items():
            sys.modules[name] = room
            setattr(sys.modules[name.rpartition(".")[0]], name.rpartition(".")[2], room)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant[0])
async def test_each_check_that_is_removed_is_missed(mutant: tuple[str, types.ModuleType, str, str, Any]) -> None:
    _, module, old, new, scenario = mutant
    await scenario(real)
    with mutated(module, old, new) as changed, pytest.raises((Exception, TimeoutError)) as caught:
        async with asyncio.timeout(0.6):
            await scenario(changed)
    # A mutant that cannot run shows nothing.
    broken = (AttributeError, ImportError, NameError, SyntaxError, TypeError)
    assert not isinstance(caught.value, broken), caught.value
