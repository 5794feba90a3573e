# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio

import pytest

from answerable.errors import Unavailable
from answerable.log.leaf import decode, rid
from answerable.model.calls import CallState, Verdict
from answerable.model.leaves import CloseLeaf
from answerable.model.units import Put, Space, Unit
from answerable.pipeline.carry import carry
from answerable.sequencer.replay import Replay, overlay
from answerable.sequencer.replay_calls import unlike
from answerable.tools.settling import Why, settle, statement
from tests.fleet import DOMAIN
from tests.unit.pipeline.tooled import ToolStage

WHY = Why(bytes(32), b"seen")


def told(stage: ToolStage, *, hidden: bool = True, units: list[Unit] | None = None) -> Replay:
    """The state as the leaves alone tell it, with what commitments hide unless `hidden` is False."""

    def text(record: str, group: str) -> str | None:
        kept = stage.held.payloads.get((record, group)) if hidden else None
        return kept[1].decode() if kept else None

    replay = Replay(DOMAIN, text, lambda _rid: None)
    for unit in stage.ledger.units if units is None else units:
        for data in unit.leaves:
            replay.take(decode(data), rid(data))
    return replay


async def lived() -> ToolStage:
    """One call that ran, one that was never sent, one that nobody saw the end of, one that was killed."""
    stage = ToolStage(carry)
    await stage.call(arguments={"n": 1})
    stage.server.refuses = Unavailable("upstream.unreachable")
    await stage.call(arguments={"n": 2})
    stage.server.refuses = Unavailable("upstream.timeout")
    await stage.call(arguments={"n": 3})
    stage.ledger.failing = lambda unit: Unavailable("log.stopped") if b'"close"' in unit.leaves[0] else None
    await stage.call(arguments={"n": 4})
    stage.ledger.failing = lambda unit: None
    return stage


async def test_rows_are_told_again_from_leaves() -> None:
    stage = await lived()
    kept = dict(stage.held.book.rows(Space.CALLS))
    assert len(kept) == 3
    assert dict(told(stage).book.rows(Space.CALLS)) == kept
    # A close that was written after a crash says nothing of how it ended.
    lost = next(record for record in told(stage).opens)
    after = CloseLeaf(n="n" * 22, open=lost, st="unknown", t=1)
    replay = told(stage)
    replay.take(after, "c" * 32)
    assert dict(replay.book.rows(Space.CALLS)) == kept


@pytest.mark.parametrize("verdict", Verdict)
async def test_a_persons_word_is_told_again(verdict: Verdict) -> None:
    stage = await lived()
    fleet = stage.held.fleet
    unknown = [row.record for row in stage.rows() if row.state is CallState.UNKNOWN]
    leaf = fleet.sign(statement(unknown[0], verdict, WHY), fleet.operator)
    planned = settle(fleet.book, leaf, WHY, fleet.clock.now, running=False, caller=stage.app.rid)  # type: ignore[arg-type]
    await stage.ledger.commit(planned.unit)
    replay = told(stage)
    assert dict(replay.book.rows(Space.CALLS)) == dict(fleet.book.rows(Space.CALLS))
    assert len(stage.rows()) == (3 if verdict is Verdict.DONE else 2)


async def test_what_is_not_kept_is_not_told() -> None:
    stage = await lived()
    assert told(stage, hidden=False).book.count(Space.CALLS) == 0


async def test_an_older_log_does_not_put_back_what_the_leaves_ended() -> None:
    stage = await lived()
    before = {Space.CALLS: {key: b'["old","begun",1,2,""]' for key, _ in stage.held.book.rows(Space.CALLS)}}
    before[Space.CALLS]["elsewhere"] = b'["x","unknown",1,2,""]'
    put = [effect for effect in overlay(told(stage), [before], set()) if effect.space is Space.CALLS]
    assert put == [Put(Space.CALLS, "elsewhere", b'["x","unknown",1,2,""]')]


def test_a_row_of_before_shares_were_counted_is_no_other_row() -> None:
    told = b'["r","done",1,2,"","s"]'
    assert unlike(told, told) == set()
    assert unlike(b'["r","done",1,2,""]', told) == set()
    assert unlike(b'["r","unknown",1,2,""]', told) == {"state"}
    assert unlike(b'["x","done",1,3,"t"]', told) == {"record", "until", "settled"}
    # A row of today that says nobody's is another matter: its owner's share is free.
    assert unlike(b'["r","done",1,2,"",""]', told) == {"system"}
    assert unlike(b'["r","done",1,2,"","t"]', told) == {"system"}
    for none in (
        b"",
        b"{}",
        b"[]",
        b'["r","done",1]',
        b'["r","gone",1,2,"","s"]',
        b'["r","done",1,2,"","s","t"]',
        b"\xff",
    ):
        assert unlike(none, told) == {"value"}


async def test_a_context_of_another_form_is_somebody_elses() -> None:
    stage = ToolStage(carry)
    await stage.call()
    for text in (b"{}", b"[1]", b'{"key":1,"until":2}', b'{"key":"k","until":"2"}', b"no"):
        record = rid(stage.ledger.units[0].leaves[0])
        stage.held.payloads[record, "ctx"] = (bytes(32), text)
        with pytest.raises(LookupError):
            told(stage)
    await asyncio.sleep(0)
