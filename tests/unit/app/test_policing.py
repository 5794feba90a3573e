# SPDX-License-Identifier: Apache-2.0
"""Policies that a service loads and follows: over a real store and real folders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.app.core import Core
from answerable.app.create import Founding, create
from answerable.app.policing import PART, Policing
from answerable.config import PolicyConfig
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.model.leaves import PluginLeaf
from answerable.model.terms import Effect, Ruling
from answerable.policy.combine import decide, digest
from tests.cedars import HOUSE, house, write
from tests.policies import CALL, about, tool
from tests.unit.app.small_store import OPERATOR, config

ASKED = about(tool(effect=Effect.WRITE))
WRITING = msgspec.structs.replace(CALL, effect=Effect.WRITE)
# Long enough for a look at the folder, short enough for a test.
SOON = 0.02


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    made = await create(config(tmp_path / "store"), Founding("demo.invalid", OPERATOR, "Operator Ltd"))
    yield made
    await made.close()


def asking(core: Core, **members: Any) -> Core:
    """The core with other settings of its policies; the same store."""
    return replace(core, config=msgspec.structs.replace(core.config, policy=PolicyConfig(**members)))


async def taken(core: Core) -> list[PluginLeaf]:
    leaves = [decode(data) for data in await core.reader.tail(0, await core.reader.size())]
    return [leaf for leaf in leaves if isinstance(leaf, PluginLeaf) and leaf.name == "folder"]


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  a folder is followed by looking at it
            await asyncio.sleep(SOON)


async def test_without_policies_the_kernel_decides(core: Core) -> None:
    policing = await Policing.load(core)
    assert policing.policies == ()
    assert policing.digest() == digest(())
    state = policing.state()
    assert (state.folder, state.policies, state.problem) == ("", (), "")
    with pytest.raises(Refused, match=r"config\.value"):
        await policing.reload()
    await policing.run()  # nothing to follow


async def test_a_folder_is_loaded_and_recorded_before_it_decides(core: Core, tmp_path: Path) -> None:
    folder = house(tmp_path / "policy")
    policing = await Policing.load(asking(core, use=("cedar",), folder=str(folder)))
    assert decide(WRITING, ASKED, policing.policies).rule == "cedar:no-writing-by-night"
    (leaf,) = await taken(core)
    state = policing.state()
    assert leaf.dig == state.folder_digest
    assert state.policies[0] == "base"
    assert state.taken > 0


@pytest.mark.parametrize("members", [{"use": ("cedar",)}, {"folder": "somewhere"}, {"use": ("nothing",)}])
async def test_settings_that_do_not_fit_are_no_start(core: Core, members: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"config\."):
        await Policing.load(asking(core, **members))


async def test_a_folder_that_does_not_validate_is_no_start(core: Core, tmp_path: Path) -> None:
    folder = write(tmp_path / "policy", bad="permit (principal, action, resource);")
    with pytest.raises(Refused, match=r"policy\.folder"):
        await Policing.load(asking(core, use=("cedar",), folder=str(folder)))
    assert await taken(core) == []


async def test_told_to_it_takes_the_folder_as_it_is_now(core: Core, tmp_path: Path) -> None:
    folder = house(tmp_path / "policy")
    policing = await Policing.load(asking(core, use=("cedar",), folder=str(folder), reload_s=0))
    before = policing.digest()
    assert not await policing.reload()
    write(folder, house=HOUSE.replace('context.facts.effect != Effect::"read"', "false"))
    assert await policing.reload()
    assert policing.digest() != before
    assert decide(WRITING, ASKED, policing.policies).ruling is Ruling.PERMIT
    assert [leaf.dig for leaf in await taken(core)][-1] == policing.state().folder_digest


async def test_what_is_refused_leaves_what_was_in_force_and_is_told(core: Core, tmp_path: Path) -> None:
    folder = house(tmp_path / "policy")
    policing = await Policing.load(asking(core, use=("cedar",), folder=str(folder)))
    before = policing.digest()
    write(folder, house=HOUSE[:300])
    with pytest.raises(Refused, match=r"policy\.folder"):
        await policing.reload()
    assert policing.digest() == before
    assert policing.problems() == {PART: "policy.folder"}
    assert "house.cedar:" in policing.state().detail
    write(folder, house=HOUSE)
    assert not await policing.reload()
    assert policing.problems() == {}


async def test_it_follows_the_folder_once_that_holds_still(core: Core, tmp_path: Path) -> None:
    folder = house(tmp_path / "policy")
    policing = await Policing.load(asking(core, use=("cedar",), folder=str(folder), reload_s=SOON))
    following = asyncio.create_task(policing.run())
    try:
        before = policing.digest()
        write(folder, house=HOUSE.replace('"read"', '"irreversible"'))
        await until(lambda: policing.digest() != before)
        good = policing.digest()
        write(folder, house=HOUSE[:300])
        await until(lambda: policing.problems() == {PART: "policy.folder"})
        assert policing.digest() == good
        (folder / "what.txt").write_text("?")
        write(folder, house=HOUSE)
        await asyncio.sleep(5 * SOON)
        assert policing.digest() == good
        (folder / "what.txt").unlink()
        await until(lambda: policing.digest() == before and not policing.problems())
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_a_hang_up_takes_it_too(core: Core, tmp_path: Path) -> None:
    folder = house(tmp_path / "policy")
    policing = await Policing.load(asking(core, use=("cedar",), folder=str(folder), reload_s=0))
    before = policing.digest()
    write(folder, more='@id("more") forbid (principal, action, resource) when { context.facts.stream };')
    policing.hang_up()
    await until(lambda: policing.digest() != before)
    write(folder, more="nonsense")
    policing.hang_up()
    await until(lambda: policing.problems())


async def test_what_the_log_does_not_take_does_not_decide(core: Core, tmp_path: Path) -> None:
    folder = house(tmp_path / "policy")
    full = asking(core, use=("cedar",), folder=str(folder))
    policing = await Policing.load(full)
    before = policing.digest()

    class Full:
        failure = None

        async def commit(self, unit: Any) -> None:
            raise Refused("log.no_quorum")

    policing._core = replace(full, ledger=Full())  # type: ignore[arg-type]
    write(folder, more='@id("more") forbid (principal, action, resource) when { context.facts.stream };')
    with pytest.raises(Refused, match=r"log\.no_quorum"):
        await policing.reload()
    assert policing.digest() == before


async def test_a_folder_that_is_being_written_is_left_alone(core: Core, tmp_path: Path) -> None:
    folder = house(tmp_path / "policy")
    policing = await Policing.load(asking(core, use=("cedar",), folder=str(folder), reload_s=0.001))
    looks = iter([True, True, True, False, False, True, False])
    seen: list[str] = []

    def touched() -> bool:
        look = next(looks, False)
        seen.append("moves" if look else "still")
        return look

    async def reload() -> bool:
        seen.append("taken")
        return True

    policing._from.touched = touched  # type: ignore[union-attr,method-assign]
    policing.reload = reload  # type: ignore[method-assign]
    following = asyncio.create_task(policing.run())
    await until(lambda: seen.count("taken") == 2)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert seen[: seen.index("taken")] == ["moves", "moves", "moves", "still"]
    assert "".join(word[0] for word in seen).startswith("mmmstsmst")
