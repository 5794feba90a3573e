# SPDX-License-Identifier: Apache-2.0
"""People in step 2: what must wait for them, what they agreed to, and that it runs once (`docs/spec/approval.md`)."""

from __future__ import annotations

import json
from typing import Final

import msgspec

from answerable.crypto import jcs
from answerable.errors import Refused
from answerable.model.actions import Action, Decision
from answerable.model.holds import Asked, Hold, HoldState, Need
from answerable.model.terms import Act, Ruling
from answerable.model.units import Rider
from answerable.pipeline.clearances import Admitted, Clearance
from answerable.pipeline.deps import Deps
from answerable.pipeline.record import Record
from answerable.pipeline.steps import Ruled, Waits, decide
from answerable.tools.calls import Answered
from answerable.tools.holds import Holds

TRIES: Final = 3  # of twins that ask people at the same time


async def agreed(admitted: Admitted, record: Record, deps: Deps) -> Answered | None:
    """Whether people agreed to exactly this. Then the record's clearance is a permit, its `hold` the approval that it
    uses, and its action what they agreed to: with other arguments, where they changed them. What such a call answered
    where its approval is used up, and it says which one that was. Who names a hold gets what that one allows and
    nothing else, also where nobody need agree to the call any more.

    Raises Ruled ``action.held``; Refused ``hold.*``.
    """
    holds, cleared, action = deps.holds, record.cleared, record.action
    if cleared is None or record.caller is None or cleared.decision.ruling is Ruling.REFUSE:
        return None
    if holds is None:
        if action.hold and cleared.decision.ruling is Ruling.PERMIT:
            raise Refused("hold.unknown", hold=action.hold[:64])
        return None
    tool = record.errand.tool if record.errand is not None else None
    need = holds.need(cleared.decision, tool)
    if need is None and not action.hold:
        return None
    asked = _asked(action, record, cleared)
    try:
        found = holds.find(asked, need, deps.clock.now_ms(), named=action.hold)
    except Refused as refused:
        if refused.code == "hold.spent" and (earlier := await _earlier(holds, action.hold, deps)) is not None:
            return earlier
        raise
    if found is None or found.state is not HoldState.APPROVED:
        if need is None:
            need = found.hold.need if found is not None else Need(1)
        raise Ruled(_held(cleared.decision), Waits(asked, need, action.hold))
    if found.hold.asked:
        cleared = await _change(found.hold, admitted, record, deps)
        again = holds.need(cleared.decision, record.errand.tool if record.errand is not None else None)
        if cleared.decision.ruling is Ruling.REFUSE:
            raise Ruled(cleared.decision)
        moved = (cleared.policy, cleared.model.system.rid) != (asked.policy, asked.via)
        if moved or (again is not None and not found.hold.need.covers(again)):
            raise Refused("hold.void", hold=found.hold.rid)
    record.hold = found.hold
    record.cleared = _permitted(cleared)
    return None


async def ask(record: Record, error: Ruled, deps: Deps) -> Refused:
    """Write the open leaf of what waits for people, and ask them, unless they are asked already: what the caller is
    told. Raises as `Record.open`."""
    holds, waits, cleared = deps.holds, error.waits, record.cleared
    if holds is None or waits is None or cleared is None:
        await record.open(error.decision, error.code)
        return error
    for attempt in range(TRIES):
        posing = _Posing(holds, waits, error.decision, cleared.model.system.rid)
        try:
            found = holds.find(waits.asked, waits.need, deps.clock.now_ms(), named=waits.named)
            if found is None:
                await record.open(error.decision, error.code, ask=posing)
            else:
                await record.open(error.decision, error.code, after=found.hold.open)
        except Refused as refused:
            if refused.code == "log.conflict" and attempt + 1 < TRIES:
                continue  # its twin asked meanwhile
            if refused.code.startswith("log."):
                raise
            await record.open(Decision(Ruling.REFUSE, error.decision.rule, refused.code), refused.code)
            return refused
        hold, have = (found.hold, found.have) if found is not None else (posing.hold, 0)
        if hold is not None:
            error.params.update(
                hold=hold.rid, needed=hold.people, have=have, expires=hold.exp, url=f"/holds/{hold.rid}"
            )
        break
    return error


class _Posing:
    """Asks people in the unit of the open leaf. hold: what was posed."""

    def __init__(self, holds: Holds, waits: Waits, decision: Decision, via: str) -> None:
        self._holds, self._waits, self._decision, self._via = holds, waits, decision, via
        self.hold: Hold | None = None

    def __call__(self, rid: str, now_ms: int) -> Rider:
        waits = self._waits
        posed = self._holds.pose(waits.asked, waits.need, rid, self._decision, self._via, now_ms)
        self.hold = posed.hold
        return posed.rider


def _asked(action: Action, record: Record, cleared: Clearance) -> Asked:
    """What people are asked about: all of it is what they approve."""
    errand, caller = record.errand, cleared.caller
    return Asked(
        act=action.act,
        caller=caller.system.rid,
        copy=caller.copy.rid,
        principal=action.principal,
        server=action.model,
        tool=action.tool,
        call=errand.exact if errand is not None else jcs.dumps(action.request),
        policy=cleared.policy,
        via=cleared.model.system.rid,
        reg=errand.tool.rid if errand is not None else "",
    )


async def _earlier(holds: Holds, named: str, deps: Deps) -> Answered | None:
    """What ran under an approval that is used up, where that is kept."""
    hold = holds.named(named)
    if hold is None or not hold.spent or deps.calls is None or hold.act is not Act.TOOL_CALL:
        return None
    content = await deps.calls.answer(hold.spent)
    return None if content is None else Answered(hold.spent, content)


async def _change(hold: Hold, admitted: Admitted, record: Record, deps: Deps) -> Clearance:
    """Put what people changed in the place of what was asked, and judge that too."""
    changed = await deps.holds.arguments(hold) if deps.holds is not None else None
    if changed is None:
        raise Refused("hold.unreadable", hold=hold.rid)
    action = record.action = msgspec.structs.replace(record.action, request=json.loads(changed), body=changed)
    if record.errand is not None:
        record.errand.take(action)
        record.errand.weigh(action, admitted.caller, admitted.candidates[0][0].upstream)
        record.errand.modified = True
    record.cleared = cleared = decide(action, admitted, deps, record.errand, anew=True)
    return cleared


def _held(decision: Decision) -> Decision:
    """The same, waiting for people: of a call whose hold they have not agreed to, whatever is asked of it now."""
    return Decision(Ruling.HOLD, decision.rule, decision.why, decision.obligations)


def _permitted(cleared: Clearance) -> Clearance:
    """The same, with people's word: for this one action alone."""
    decision = cleared.decision
    permit = Decision(Ruling.PERMIT, decision.rule, decision.why, decision.obligations)
    model = (cleared.served, cleared.model)
    return Clearance(cleared.caller, model, permit, cleared.policy, cleared.tier, cleared.horizon)
