# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import pytest

from answerable.errors import Refused, Unavailable
from answerable.log import commitment
from answerable.log.leaf import rid
from answerable.model.actions import Chunk, Decision
from answerable.model.media import LabelledMedium
from answerable.model.records import System
from answerable.model.terms import Outcome, Ruling
from answerable.model.units import Drop, Expect, Put, Space, Unit
from answerable.pipeline.carry import carry
from answerable.pipeline.clearances import Clearance
from answerable.pipeline.found import principal_tag, tag
from answerable.pipeline.record import MADE, Record, made
from answerable.pipeline.record import Stage as At
from tests.unit.pipeline.scripted import CHAT, PARTY, Stage, bearer, system


class Several(Chunk):
    """Two pieces that travel together."""

    pieces = 2  # type: ignore[assignment]


PERMIT = Decision(Ruling.PERMIT, "R100", "ordinary")


async def test_open_names_caller_model_party_and_rule() -> None:
    stage = Stage(carry)
    record = Record(stage.ask(), stage.deps, CHAT.content())
    served, model = stage.models.served[0], bearer(system("model", 3, tier=2))
    record.caller = bearer(stage.app)
    record.cleared = Clearance(record.caller, (served, model), PERMIT, "d" * 64, 2, None)
    await record.open(PERMIT)
    (leaf,) = stage.opens
    assert (leaf.sys, leaf.via, leaf.party, leaf.rule) == (stage.app.rid, "m" * 32, PARTY.rid, "R100")
    assert leaf.tier == 2, "that it was decided at"
    unit = stage.ledger.units[0]
    assert rid(unit.leaves[0]) == record.rid
    assert unit.effects == (Put(Space.OPENS, record.rid, b"1000"),)
    (payload,) = unit.payloads
    assert commitment.commit("in", payload.salt, payload.body) == leaf.c.in_
    assert record.stage is At.OPENED


async def test_an_open_leaf_without_a_caller_is_a_defect() -> None:
    stage = Stage(carry)
    with pytest.raises(RuntimeError):
        await Record(stage.ask(), stage.deps, CHAT.content()).open(PERMIT)
    assert stage.ledger.units == []


@pytest.mark.parametrize(("caller", "model", "witnessed"), [(2, 2, False), (3, 0, True), (0, 3, True), (4, 4, True)])
async def test_high_tiers_act_before_witnesses_alone(caller: int, model: int, witnessed: bool) -> None:
    stage = Stage(carry)
    record = Record(stage.ask(), stage.deps, CHAT.content())
    record.caller = bearer(system("app", 9, tier=caller))
    served = bearer(system("model", 3, tier=model))
    record.cleared = Clearance(
        record.caller, (stage.models.served[0], served), PERMIT, "d" * 64, max(caller, model), None
    )
    await record.open(PERMIT)
    assert stage.ledger.units[0].witnessed is witnessed


async def test_a_refusal_at_a_high_tier_waits_for_nobody() -> None:
    stage = Stage(carry)
    record = Record(stage.ask(), stage.deps, CHAT.content())
    record.caller = bearer(system("app", 9, tier=4))
    await record.open(Decision(Ruling.REFUSE, "R000", "warrant.expired"), "warrant.expired")
    assert stage.ledger.units[0].witnessed is False


async def test_where_no_witnesses_are_the_act_is_refused_and_that_is_recorded() -> None:
    stage = Stage(carry)
    stage.desk.callers["ans_good"] = bearer(system("app", 7, tier=3))

    async def none(unit: Unit) -> None:
        if unit.witnessed:
            raise Refused("log.no_quorum")

    stage.ledger.before = none
    out = await stage.run()
    (leaf,) = stage.opens
    assert (leaf.dec, leaf.err, out.error.code) == (Ruling.REFUSE, "log.no_quorum", "log.no_quorum")
    assert stage.closes == []
    assert stage.upstream.calls == 0


async def test_what_nobody_witnessed_in_time_is_closed_and_does_not_happen() -> None:
    stage = Stage(carry)
    stage.desk.callers["ans_good"] = bearer(system("app", 7, tier=3))

    async def late(unit: Unit) -> None:
        if unit.witnessed:
            stage.ledger.units.append(unit)  # it is written all the same
            raise Unavailable("log.unwitnessed", detail="late")

    stage.ledger.before = late
    out = await stage.run()
    (leaf,), (end,) = stage.opens, stage.closes
    assert (leaf.dec, out.error.code) == (Ruling.PERMIT, "log.unwitnessed")
    assert (end.open, end.err, end.st) == (rid(stage.ledger.units[0].leaves[0]), "log.unwitnessed", Outcome.ERROR)
    assert stage.upstream.calls == 0


async def test_a_refusal_leaves_nothing_open() -> None:
    stage = Stage(carry)
    record = Record(stage.ask(), stage.deps, CHAT.content())
    record.caller = bearer(stage.app)
    await record.open(Decision(Ruling.REFUSE, "R000", "warrant.expired"), "warrant.expired")
    assert stage.ledger.units[0].effects == ()
    assert record.stage is At.REFUSED


async def test_close_settles_its_open_leaf_and_commits_to_what_left() -> None:
    stage = Stage(carry)
    await stage.run()
    unit = stage.ledger.units[1]
    (close,) = stage.closes
    assert unit.effects == (Drop(Space.OPENS, close.open),)
    assert unit.expect == (Expect(Space.OPENS, close.open, b"1000"),)
    (payload,) = unit.payloads
    assert payload.group == "out"
    assert commitment.commit("out", payload.salt, payload.body) == close.c.out  # type: ignore[union-attr]
    assert tag("[AI-generated] hello", stage.deps.index_key) in payload.tags or payload.tags


async def test_what_never_left_is_not_committed_to() -> None:
    stage = Stage(carry)
    record = Record(stage.ask(), stage.deps, CHAT.content())
    record.caller = bearer(stage.app)
    await record.open(PERMIT)
    await record.close(Outcome.ERROR, "upstream.timeout")
    assert stage.ledger.units[1].payloads == ()
    assert stage.closes[0].err == "upstream.timeout"


@pytest.mark.parametrize(("told", "tokens"), [(None, (0, 3)), ((31, 2), (31, 2))])
async def test_an_answer_that_was_cut_counts_what_left(told: tuple[int, int] | None, tokens: tuple[int, int]) -> None:
    stage = Stage(carry)
    record = Record(stage.ask(), stage.deps, CHAT.content())
    record.caller = bearer(stage.app)
    await record.open(PERMIT)
    record.metering = stage.deps.meter.start(stage.models.served[0])
    for chunk in (Chunk({}), Chunk({}, text="a"), Several({}, text="bc"), Chunk({}, usage=told)):
        record.said(chunk)
    await record.close(Outcome.STOPPED, "stop.system")
    assert record.spent is not None
    assert (record.spent.tokens_in, record.spent.tokens_out) == tokens


@pytest.mark.parametrize(("until", "kept"), [(5_000, [5_000, 5_000]), (None, [])])
async def test_what_is_said_is_kept_as_long_as_is_chosen_for_the_action(until: int | None, kept: list[int]) -> None:
    asked = []

    def keep(action: object, caller: System, tier: int, now: int) -> int | None:
        asked.append((caller.rid, tier, now))
        return until

    stage = Stage(carry)
    stage.deps = dataclasses.replace(stage.deps, keep=keep)
    await stage.run()
    payloads = [payload for unit in stage.ledger.units for payload in unit.payloads]
    assert [payload.expires for payload in payloads] == kept
    assert asked == [(stage.app.rid, 0, 1000)], "once an action"
    assert stage.opens[0].c.in_
    assert stage.closes[0].c  # the commitments stand, whether or not what they hide is kept


async def test_a_principal_can_find_what_is_held_about_it() -> None:
    stage = Stage(carry)
    await stage.run(principal="user-4711")
    _, own = stage.ledger.units[0].payloads
    assert (own.group, own.body) == ("pri", b"user-4711")
    assert own.tags == (principal_tag("user-4711", stage.deps.index_key),)
    assert commitment.commit("pri", own.salt, own.body) == stage.opens[0].pri


async def test_pictures_and_sound_in_an_answer_are_metered() -> None:
    stage = Stage(carry)
    record = Record(stage.ask(), stage.deps, CHAT.content())
    record.caller = bearer(stage.app)
    record.cleared = Clearance(
        record.caller, (stage.models.served[0], bearer(system("model", 3))), PERMIT, "d" * 64, 0, None
    )  # fmt: skip
    await record.open(PERMIT)
    for number, (media, played) in enumerate((("image/png", 0), ("image/jpeg", 0), ("audio/wav", 1_500))):
        record.files[bytes([number])] = LabelledMedium(
            data=b"x", media=media, aigc="{}", before=b"b", digest=bytes([number]), layers=(), played_ms=played
        )
    record.metering = stage.deps.meter.start(stage.models.served[0])
    await record.close(Outcome.DONE)
    assert record.spent is not None
    assert (record.spent.images, record.spent.speech_ms) == (2, 1_500)
    (leaf,) = stage.closes
    assert leaf.x == {MADE: {"images": 2, "ms": 1_500}}
    assert made(record.spent, ()) is record.spent
