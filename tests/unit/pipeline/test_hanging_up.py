# SPDX-License-Identifier: Apache-2.0
"""Who hangs up before an upstream has said what it used pays what was reserved (`docs/spec/budgets.md`)."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import msgspec
import pytest

from answerable.errors import Refused, Unavailable
from answerable.model.actions import Action, Spent
from answerable.model.budgets import Amount, Settled
from answerable.model.calls import CallState
from answerable.model.terms import Effect, Outcome
from answerable.model.tools import MeterKind
from answerable.model.units import Rider
from answerable.pipeline.carry import carry
from answerable.tools.wanted import Prices, of_generation, used
from tests.unit.pipeline.scripted import DONE, Stage, answer, event
from tests.unit.pipeline.tooled import PAY, ToolStage


class Kept:
    """A reservation, as `tools.spending` settles it; what it settled to is looked at here."""

    told: dict[str, Any] = {}  # noqa: RUF012  read only
    ceiling = 0

    def __init__(self, row: tuple[Amount, ...]) -> None:
        self.row = row
        self.spent: Spent | None = None

    def open(self, rid: str) -> Rider:
        return Rider()

    def close(self, outcome: Outcome, spent: Spent | None, *, sent: bool) -> Settled:
        self.spent = spent
        return Settled(Rider(), {})

    def let_go(self) -> None: ...

    @property
    def tokens(self) -> tuple[int, int]:
        """(reserved, settled)."""
        after = () if self.spent is None else used(self.row, self.spent, call=False)
        before, now = ({each.kind: each.amount for each in of} for of in (self.row, after))
        return before[MeterKind.TOKENS], now.get(MeterKind.TOKENS, 0)


class Budgets:
    kept: Kept

    def covers(self, *_: Any) -> bool:
        return True

    def reserve(self, action: Action, *_: Any) -> Kept:
        self.kept = Kept(of_generation(action, Prices()))
        return self.kept


def staged(*script: Any) -> tuple[Stage, Budgets]:
    stage, budgets = Stage(carry), Budgets()
    stage.deps = dataclasses.replace(stage.deps, budgets=budgets)  # type: ignore[arg-type]
    stage.upstream.script = stage.says(*script)
    return stage, budgets


@pytest.mark.parametrize("stream", [True, False])
async def test_who_hangs_up_before_the_usage_comes_pays_what_was_reserved(stream: bool) -> None:
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.sleep(60)

    stage, budgets = staged(*([event("all of the answer"), event("", "stop")] if stream else []), hang)
    task = asyncio.create_task(stage.run(stream=stream))
    async with asyncio.timeout(5):
        await reached.wait()
    task.cancel()
    await asyncio.wait([task])
    assert [leaf.err for leaf in stage.closes] == ["request.disconnected"]
    reserved, settled = budgets.kept.tokens
    assert settled == reserved > 8_192


def with_usage(text: str) -> bytes:
    said = msgspec.json.decode(event(text).removeprefix(b"data: "))
    if not text:
        said["choices"] = []
    return b"data: " + msgspec.json.encode(said | {"usage": {"prompt_tokens": 3, "completion_tokens": 4}}) + b"\n\n"


@pytest.mark.parametrize("last", ["", "so far"])
async def test_usage_before_the_end_is_the_usage_so_far(last: str) -> None:
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.sleep(60)

    stage, budgets = staged(event("words"), with_usage(last), hang)
    task = asyncio.create_task(stage.run(stream=True))
    async with asyncio.timeout(5):
        await reached.wait()
    task.cancel()
    await asyncio.wait([task])
    reserved, settled = budgets.kept.tokens
    assert settled == reserved > 8_192


async def test_an_upstream_that_tells_no_usage_is_counted_as_reserved() -> None:
    stage, budgets = staged(event("hello"), event("", "stop"), DONE)
    assert (await stage.run(stream=True)).error is None
    reserved, settled = budgets.kept.tokens
    assert settled == reserved > 8_192
    assert budgets.kept.spent is not None
    assert budgets.kept.spent.whole


async def test_what_was_told_is_what_counts() -> None:
    stage, budgets = staged(answer("hello"))
    assert (await stage.run()).error is None
    assert budgets.kept.tokens[1] == 7


async def test_what_was_refused_before_it_was_sent_counts_nothing() -> None:
    stage, budgets = staged(Unavailable("upstream.unreachable", upstream="x"))
    assert (await stage.run()).error.code == "upstream.unreachable"
    assert budgets.kept.tokens[1] == 0


@pytest.mark.parametrize("status", [400, 402, 406, 408, 409, 410, 422, 424, 429, 451, 499])
async def test_a_status_that_may_come_from_within_a_tool_blocks_its_key(status: int) -> None:
    """A server that did it and says 4xx does not make it look as if it had not."""
    stage = ToolStage(carry)
    stage.server.script = stage.says(Refused("upstream.rejected", status=status, detail="no detail"))
    first = await stage.call()
    assert first.error.code == "upstream.rejected"
    assert [row.state for row in stage.rows()] == [CallState.UNKNOWN]
    assert stage.closes[-1].x == {"answerable.ran": "unknown"}
    assert (await stage.call()).error.code == "call.unknown"
    assert len(stage.server.ran) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 405, 407, 413, 415])
async def test_what_was_refused_at_the_door_did_not_run(status: int) -> None:
    stage = ToolStage(carry)
    failed = Unavailable("upstream.credentials", status=status)
    stage.server.script = stage.says(
        failed if status in (401, 403, 407) else Refused("upstream.rejected", status=status, detail="no detail")
    )
    await stage.call()
    assert stage.rows() == []
    assert stage.closes[-1].x == {"answerable.ran": "no"}


@pytest.mark.parametrize("status", [401, 404, 405])
async def test_of_what_cannot_be_undone_a_servers_word_is_not_enough(status: int) -> None:
    stage = ToolStage(carry, msgspec.structs.replace(PAY, effect=Effect.IRREVERSIBLE))
    stage.server.script = stage.says(Refused("upstream.rejected", status=status, detail="no detail"))
    await stage.call()
    assert [row.state for row in stage.rows()] == [CallState.UNKNOWN]
    assert stage.closes[-1].x == {"answerable.ran": "unknown"}
    assert (await stage.call()).error.code == "call.unknown"
    # Where nothing reached it, that is our own word.
    stage.server.script = stage.says(Unavailable("upstream.unreachable", upstream="bank"))
    await stage.call(again="another")
    assert stage.closes[-1].x == {"answerable.ran": "no"}


async def test_what_a_server_says_that_it_refused_uses_a_budget_all_the_same() -> None:
    told: list[bool] = []

    class Told(Kept):
        def close(self, outcome: Outcome, spent: Spent | None, *, sent: bool) -> Settled:
            told.append(sent)
            return Settled(Rider(), {})

    for status in (400, 404):
        stage = ToolStage(carry)
        budgets = Budgets()
        budgets.reserve = lambda *_: Told(())  # type: ignore[method-assign]
        stage.deps = dataclasses.replace(stage.deps, budgets=budgets)  # type: ignore[arg-type]
        stage.server.script = stage.says(Refused("upstream.rejected", status=status, detail="no detail"))
        await stage.call()
    assert told == [True, False]


async def test_a_credential_that_costs_money_is_no_door() -> None:
    stage = ToolStage(carry)
    stage.server.script = stage.says(Unavailable("upstream.credentials", status=402))
    await stage.call()
    assert [row.state for row in stage.rows()] == [CallState.UNKNOWN]
    assert msgspec.json.encode(stage.closes[-1].x) == b'{"answerable.ran":"unknown"}'
