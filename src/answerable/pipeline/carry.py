# SPDX-License-Identifier: Apache-2.0
"""The path of one action, from what a caller asks to what leaves, in seven steps. Everything else is a room off it.

(1) check   live warrants of caller and model, registered systems, lineages that are not stopped
(2) decide  tier x world x criticality: permit, hold or refuse, with reasons
(3) intend  the open leaf is durable before anything happens; then admission is checked again
(4) call    the model; never trusted; has a deadline
(5) watch   what comes back is examined before it goes on; a stop order cuts it in flight
(6) label   explicit and implicit mark; the record id in each piece
(7) record  the close leaf says how it ended

Streamed or not is one code path: an unstreamed answer is one piece. It is a coroutine that writes to `out`, not a
generator, because the close leaf must be written during cancellation too. Plugins extend a step; none can reorder or
skip one. Any exception is a refusal of this action.
"""

from __future__ import annotations

import asyncio
from functools import partial

from answerable.errors import AnswerableError, Refused
from answerable.marks.aigc import as_json
from answerable.marks.asked import words_mark
from answerable.marks.compose import compose
from answerable.model.actions import Action
from answerable.model.terms import Act, Outcome, Ruling
from answerable.pipeline.approving import agreed
from answerable.pipeline.ceilings import limited
from answerable.pipeline.deps import Deps
from answerable.pipeline.endings import conclude, cut_off, named, outcome_of, whole
from answerable.pipeline.errands import Sent, outfit, within
from answerable.pipeline.media import label_media
from answerable.pipeline.record import Record
from answerable.pipeline.repeating import once, repeat, stands
from answerable.pipeline.steps import (
    admit,
    decide,
    open_watches,
    refuse_unless_permitted,
    still_admitted,
    watch,
)
from answerable.ports import Dialect, Out


async def carry(action: Action, dialect: Dialect, deps: Deps, out: Out) -> None:
    """Carry one action along the path and write its answer, or its error, to `out`.

    Raises CancelledError alone, when the client went away, and that only after the close leaf was handed to the ledger.
    """
    record = Record(action, deps, dialect.content())
    flight = deps.flights.board()
    trace = deps.tracer.start(action)
    error: AnswerableError | None = None
    try:
        # (1) check
        trace.step("check")
        admitted = deps.clearances.recall(action, deps.gate, deps.models)  # the same was asked, and nothing has changed
        if admitted is None:
            admitted = await admit(action, record, deps)
        record.caller = admitted.caller
        errand = record.errand = outfit(action, deps) if action.act is Act.TOOL_CALL else None
        if errand is not None:
            trace.tool(errand.tool.key)
            within(errand, action, admitted.caller, deps.tier_of(admitted.caller.system))

        # (2) decide
        trace.step("decide")
        cleared = record.cleared = decide(action, admitted, deps, errand)
        if errand is not None and cleared.decision.ruling is not Ruling.REFUSE:
            if (earlier := await once(admitted, record, errand, flight, deps)) is not None:
                return await repeat(earlier, dialect, out)
            cleared = record.cleared
        if action.hold or cleared.decision.ruling is Ruling.HOLD:
            if (earlier := await agreed(admitted, record, deps)) is not None:
                return await repeat(earlier, dialect, out)
            action, cleared = record.action, record.cleared
        refuse_unless_permitted(cleared.decision)
        if errand is not None:
            watch(errand.text(), open_watches(action, deps))
        watches = open_watches(action, deps)

        # (3) intend
        trace.step("intend")
        flight.take_off(cleared.caller, cleared.model, cleared.horizon)
        flight.again = partial(still_admitted, action, flight, deps)
        record.reserved = deps.budgets.reserve(action, cleared.caller, errand.tool if errand is not None else None)
        await record.open(cleared.decision)
        caller, model = await still_admitted(action, flight, deps)
        if errand is not None:
            stands(errand, deps)

        # (4) call
        trace.step("call")
        stream = action.stream
        served = cleared.served
        record.words = words_mark(served.marks, action.sampling)
        label = compose(
            action=action,
            caller=caller,
            model=model,
            record=record.rid,
            provider=deps.provider,
            words_mark=record.words,
        )
        made = errand is None or errand.made(model)
        mark = dialect.label_format(stream=stream).writer(label)
        request = limited(action.request, dialect.limits, record.reserved)
        body = dialect.prepare(request, served.model, stream=stream)
        record.metering = deps.meter.start(served)
        flight.due(deps.deadline_s)
        record.sent = Sent.PERHAPS
        upstream = served.upstream if errand is None else errand.upstream(served.upstream, caller)
        reply = await upstream.call(dialect.path, body, stream=stream, kind=dialect.kind)
        try:
            decoder = dialect.decoder(stream=stream)
            ended = False
            while not ended:
                read = await reply.read()
                ended = not read
                chunks = decoder.end() if ended else decoder.feed(read)
                if ended:
                    record.sent = Sent.ANSWERED
                if not chunks:
                    continue

                # (5) watch
                trace.step("watch")
                caller, model = await still_admitted(action, flight, deps)
                watch("".join([chunk.text for chunk in chunks]), watches)

                # (6) label
                trace.step("label")
                data: list[bytes] = []
                for chunk in chunks:
                    marked = mark.feed(chunk) if made else chunk
                    dialect.stamp(marked, record.rid, served.system.name)
                    if marked.media and made:
                        await label_media(marked, label, dialect, record, deps)
                        caller, model = await still_admitted(action, flight, deps)
                    record.said(marked)
                    data.append(dialect.encode(marked, stream=stream))
                if not record.released:
                    record.released = True
                    out.start(record.rid, as_json(label.aigc) if made else b"", label.notice if made else "")
                await out.send(b"".join(data))
        finally:
            reply.close()
        flight.due(0)

        # (7) record
        trace.step("record")
        await record.close(Outcome.DONE)
        await out.finish(dialect.trailer(stream=action.stream))
    except asyncio.CancelledError:
        # We cut the flight (a stop order came, the gateway ends), or the client went away: recorded before all else,
        # but that what an order cuts off ends at once.
        deps.flights.leave(flight)
        error = flight.cause or Refused("request.disconnected")
        told = flight.cause is None or await cut_off(record, error, out)
        await whole(conclude(record, error, None if told else out, deps))
        if flight.cause is None:
            raise
        flight.landed()
    except Exception as raised:  # noqa: BLE001  any exception is a refusal of this action, and of nothing else
        deps.flights.leave(flight)
        error = named(raised)
        await whole(conclude(record, error, out, deps))
    finally:
        deps.flights.leave(flight)
        if record.errand is not None:
            record.errand.leave()
        trace.end(outcome_of(error), error.code if error else "", record.spent)
