# SPDX-License-Identifier: Apache-2.0
"""How an action ends when it does not end well: which outcome, what is recorded, what the caller is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

from answerable.crypto.random import opaque_id
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.actions import Decision
from answerable.model.terms import Effect, Outcome, Ruling
from answerable.model.warrants import Recognised
from answerable.pipeline.approving import ask
from answerable.pipeline.deps import Deps
from answerable.pipeline.errands import Sent
from answerable.pipeline.record import Record, Stage
from answerable.pipeline.steps import Ruled
from answerable.ports import Out

log = logging.getLogger(__name__)

ADMISSION_RULE = "R000"  # refused before any rule of the policy was asked
# Of these an upstream did nothing: not a byte reached it, or it said itself that it took nothing.
NOTHING_DONE = frozenset({"upstream.unreachable", "upstream.busy", "upstream.rejected", "upstream.credentials"})
# By these a tool server's front says that it refused before any tool was asked (RFC 9110, section 15.5). Any other
# (400, 409, 422, 429) may come from within a tool that has begun, or pass on what another service said to it.
AT_THE_DOOR = frozenset({401, 403, 404, 405, 407, 413, 415})


def named(raised: Exception) -> AnswerableError:
    """The error with a code for whatever was raised. What is not ours is a defect: it is logged with its traceback, and
    the caller gets the incident's id alone."""
    if isinstance(raised, AnswerableError):
        return raised
    if isinstance(raised, TimeoutError):
        return Unavailable("upstream.timeout")
    incident = opaque_id()
    log.error("incident %s", incident, exc_info=raised)
    return Unavailable("internal.error", incident=incident)


def outcome_of(error: AnswerableError | None) -> Outcome:
    """The `st` of the close leaf."""
    if error is None:
        return Outcome.DONE
    if error.code.startswith("stop."):
        return Outcome.STOPPED
    if isinstance(error, Refused) and error.code != "request.disconnected":
        return Outcome.REFUSED
    return Outcome.ERROR


def at_the_door(error: AnswerableError, effect: Effect) -> bool:
    """Of a tool's call, where a mistake runs it twice: whether an error of `NOTHING_DONE` tells that no tool began.
    Those without a status are ours: nothing was sent. Of what cannot be undone a server's word is not enough."""
    status = error.params.get("status")
    return status is None or (status in AT_THE_DOOR and effect is not Effect.IRREVERSIBLE)


async def conclude(record: Record, error: AnswerableError, out: Out | None, deps: Deps) -> None:
    """Record the end, then tell the caller (unless it is gone: `out` None). A refused credential is recorded under its
    copy where that is known; an unknown caller is counted, not written one by one. If the end cannot be recorded the
    caller is told that instead; the open leaf that stays behind is settled as `unknown` at the next start."""
    if isinstance(error, Recognised):
        record.caller = error.bearer
    try:
        if record.stage is Stage.OPENED:
            if record.sent is Sent.PERHAPS and error.code in NOTHING_DONE:
                errand = record.errand
                free = errand is None or at_the_door(error, errand.tool.effect)
                record.sent = Sent.NOT if free else Sent.PERHAPS
            await record.close(outcome_of(error), error.code)
        elif record.stage is Stage.NEW and record.caller is not None:
            if isinstance(error, Ruled):
                error = await ask(record, error, deps)
            else:
                await record.open(Decision(Ruling.REFUSE, ADMISSION_RULE, error.code), error.code)
        elif record.stage is Stage.NEW:
            deps.ledger.count_refusal(error.code)
    except AnswerableError as failed:
        log.error("the end %s of record %s was not recorded: %s", error.code, record.rid or "-", failed.code)
        error = failed
    if out is not None:
        if isinstance(error, Ruled):
            error.params.setdefault("hold", record.rid)
        await out.fail(error, record.rid)


async def cut_off(record: Record, error: AnswerableError, out: Out) -> bool:
    """End an answer that a stop order cuts off in its middle, before that is recorded: of hundreds that end together
    nobody's stream waits for the others' records. Returns whether it was told; its open leaf stands in any case."""
    if not (record.released and error.code.startswith("stop.")):
        return False
    try:
        await out.fail(error, record.rid)
    except Exception:  # the record is made all the same
        log.exception("the end of record %s could not be told", record.rid)
    return True


async def whole(ending: Coroutine[None, None, None]) -> None:
    """Run `ending` to its end even if this task is cancelled again meanwhile; then let that cancellation go on."""
    task = asyncio.ensure_future(ending)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as again:
            if task.cancelled():
                break
            cancelled = again
        except Exception:  # noqa: BLE001  the task holds it, and it is looked at below
            break
    if not task.cancelled() and (failure := task.exception()) is not None:
        log.error("an action's end failed", exc_info=failure)
    if cancelled is not None:
        raise cancelled
