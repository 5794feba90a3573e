# SPDX-License-Identifier: Apache-2.0
"""``GET /holds/<id>``: how a call that waits for people stands, told to the system that made it. Who may decide does so
with `answerable holds`."""

from __future__ import annotations

from typing import Any, Final

from answerable.errors import Refused
from answerable.gateway.known import admitted
from answerable.log.leaf import is_rid
from answerable.model.warrants import Credential
from answerable.pipeline import awaiting
from answerable.pipeline.deps import Deps
from answerable.tools.people import agreed

HOLDS: Final = "/holds/"


async def standing(name: str, credential: Credential, deps: Deps, language: str = "en") -> dict[str, Any]:
    """With what a call that names it would be refused with, why, and what to do, in `language`. Raises the refusal of a
    caller that is not admitted, Refused ``hold.unknown`` for what is not its own."""
    caller = await admitted(credential, deps)
    hold = deps.holds.get(name) if deps.holds is not None and is_rid(name) else None
    if deps.holds is None or hold is None or hold.system != caller.system.rid or hold.planted:
        raise Refused("hold.unknown", hold=name if is_rid(name) else "?")
    state, refused = awaiting.standing(hold, deps.holds, deps)
    why = (
        {"code": refused.code, "reason": refused.reason(language), "remedy": refused.remedy(language)}
        if refused
        else {}
    )
    return {
        "hold": hold.rid,
        "state": state.value,
        "server": hold.server,
        "tool": hold.tool,
        "needed": hold.people,
        "have": len(agreed(deps.holds.directory, hold)),
        "expires": hold.exp,
        "record": hold.spent,
        **why,
    }
