# SPDX-License-Identifier: Apache-2.0
"""Exactly once, on the path: who makes a call that was made before gets what it answered then (`docs/spec/calls.md`).

There is nothing new to record: nothing is done, and what is told again stands in its record already. Who asks was
admitted, the tool's own checks were made, and policy was asked, as for a call that runs: who is refused the call now is
not told what it answered then.
"""

from __future__ import annotations

from functools import partial

from answerable.errors import Refused
from answerable.pipeline.clearances import Admitted
from answerable.pipeline.deps import Deps
from answerable.pipeline.errands import Errand
from answerable.pipeline.flights import Flight
from answerable.pipeline.record import Record
from answerable.pipeline.steps import decide, still_admitted
from answerable.ports import Dialect, Out
from answerable.ports.tools import ToolDialect
from answerable.tools.calls import Answered


async def once(admitted: Admitted, record: Record, errand: Errand, flight: Flight, deps: Deps) -> Answered | None:
    """What the same call answered before; None where it is to run now. It may wait for that one to end, and meanwhile
    it is cut as any flight is; after that, and where the call is weighed beside its class, the record's clearance is
    decided anew. Raises Refused ``call.unknown|done|share``, Unavailable ``call.full``, and as `still_admitted`,
    `stands` and `Errand.weigh`."""
    action = record.action
    if deps.calls is None:
        raise Refused("tool.nowhere")
    flight.take_off(admitted.caller, admitted.candidates[0][1], admitted.horizon)
    flight.again = partial(still_admitted, action, flight, deps)
    flight.due(deps.deadline_s)
    earlier = await errand.enter(action, admitted.caller, deps.calls, deps.clock.now_ms)
    await still_admitted(action, flight, deps)
    stands(errand, deps)
    flight.due(0)
    if earlier is None:
        weighed = errand.weigh(action, admitted.caller, admitted.candidates[0][0].upstream)
        if weighed or errand.waited:
            record.cleared = decide(action, admitted, deps, errand)
    return earlier


def stands(errand: Errand, deps: Deps) -> None:
    """Return if the registry says of the tool what it said before the call waited: nobody withdrew it or classified it
    anew, and its server lists the definition that is pinned. Raises Refused ``tool.unknown|changed|nowhere``,
    Unavailable ``upstream.unreachable``."""
    if deps.tools is None:
        raise Refused("tool.nowhere")
    now, then = deps.tools.find(errand.tool.server, errand.tool.name), errand.tool
    # By its newest leaf: what a call weighs makes of the row is not the registry's word.
    if (now.rid, now.pin, now.state) != (then.rid, then.pin, then.state):
        raise Refused("tool.changed", tool=then.key)


async def repeat(earlier: Answered, dialect: Dialect, out: Out) -> None:
    """Tell again what the call answered, under the record that it has. Raises Refused ``call.done`` where the answer
    has no such form, ``request.disconnected``."""
    if not isinstance(dialect, ToolDialect):
        raise Refused("call.done", record=earlier.record)
    out.start(earlier.record, b"")
    await out.send(dialect.replay(earlier.content))
    await out.finish(b"")
