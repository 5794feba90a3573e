# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app.core import open_core, refuse_demo
from answerable.errors import AnswerableError, Refused
from answerable.model.units import Effect, Put, Space, Unit
from answerable.registry import parties
from answerable.registry.planned import Planned
from answerable.registry.requests import RegisterParty
from tests.unit.app.small_store import LEI, config, made


async def test_what_was_committed_is_there_after_reopening(tmp_path: Path) -> None:
    core = await made(tmp_path)
    rid = await core.commit(parties.register(core.book, RegisterParty(id=LEI, name="Lab"), core.now))
    await core.close()
    again = await open_core(config(tmp_path))
    try:
        party = again.book.party(LEI)
        assert party is not None
        assert party.rid == rid
        assert (again.book.domain, again.origin, again.demo) == ("unit.invalid", "unit.invalid", False)
        refuse_demo(again)
    finally:
        await again.close()


async def test_a_demo_store_stays_one(tmp_path: Path) -> None:
    await (await made(tmp_path, demo=True)).close()
    core = await open_core(config(tmp_path))
    try:
        with pytest.raises(Refused, match=r"store\.demo"):
            refuse_demo(core)
    finally:
        await core.close()


async def test_nothing_is_opened_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(AnswerableError, match=r"store\.missing"):
        await open_core(config(tmp_path))
    assert not (tmp_path / "store").exists()


async def test_without_its_guard_a_store_is_read_and_not_written(tmp_path: Path) -> None:
    core = await made(tmp_path)
    size = await core.reader.size()
    await core.close()
    (core.config.guard_path / "head").unlink()
    core = await open_core(config(tmp_path))
    try:
        assert core.ledger.failure is not None
        assert core.ledger.failure.code == "store.unguarded"
        with pytest.raises(AnswerableError, match=r"log\.stopped"):
            await core.ledger.commit(Unit())
        assert await core.reader.size() == size
    finally:
        await core.close()


async def test_a_plans_refusal_is_raised_once_it_is_recorded(tmp_path: Path) -> None:
    core = await made(tmp_path)
    try:
        plan = parties.register(core.book, RegisterParty(id=LEI, name="Lab"), core.now)
        with pytest.raises(Refused, match=r"system\.born_dead"):
            await core.commit(Planned(plan.unit, plan.rid, plan.id, Refused("system.born_dead", order="o")))
        assert core.book.party(LEI) is not None, "recorded all the same"
    finally:
        await core.close()


async def test_watchers_see_effects_that_the_directory_already_shows(tmp_path: Path) -> None:
    core = await made(tmp_path)
    seen: list[bool] = []

    def watch(effects: tuple[Effect, ...]) -> None:
        seen.append(core.book.party(LEI) is not None)

    core.watch(watch, Space.STOPS, Space.PARTIES)
    try:
        await core.commit(parties.register(core.book, RegisterParty(id=LEI, name="Lab"), core.now))
        await core.ledger.commit(Unit())
        await core.ledger.commit(Unit(effects=(Put(Space.MISC, "elsewhere", b"1"),)))
    finally:
        await core.close()
    assert seen == [True], "once, and not where nothing that it is about has changed"


async def test_a_path_too_long_for_a_socket_is_told_before_anything_is_made(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    with pytest.raises(AnswerableError, match=r"config\.value"):
        await made(deep)
    assert not deep.exists()
