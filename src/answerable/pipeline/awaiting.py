# SPDX-License-Identifier: Apache-2.0
"""How a hold stands, for who asks and does not make the call (`docs/spec/approval.md`): by the policy of now, by who
would answer now and by the registry of now, as a call that names the hold would find it. Nothing is recorded."""

from __future__ import annotations

from answerable.errors import Refused
from answerable.model.holds import Hold, HoldState
from answerable.pipeline.deps import Deps
from answerable.policy.combine import digest
from answerable.tools.holds import ENDED, Holds


def standing(hold: Hold, holds: Holds, deps: Deps) -> tuple[HoldState, Refused | None]:
    """Its state; and of one that is void, rejected or over, what a call that names it is refused with."""
    may = {each.system.rid for each in deps.models.named(hold.server, hold.act)} if hold.server else ()
    void = holds.void(hold, policy=digest(deps.policies), via=may)
    state = holds.stands(hold, deps.clock.now_ms(), void)
    if state is HoldState.REJECTED:
        return state, Refused("hold.rejected", hold=hold.rid, until=hold.exp)
    if state is HoldState.VOID:
        return state, Refused(void, hold=hold.rid)
    return state, Refused(ENDED[state], hold=hold.rid) if state is HoldState.EXPIRED else None
