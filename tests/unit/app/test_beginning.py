# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app import keys
from answerable.app.beginning import begin, log_key, sign_first
from answerable.config import Config, load
from answerable.crypto.b64 import b64u
from answerable.errors import Refused, Unavailable
from answerable.log.checkpoint import SAFE_MEMBER
from answerable.log.leaf import encode, rid
from answerable.model.units import Space


def config_of(folder: Path) -> Config:
    return load(None, {}, {"store.path": str(folder / "store"), "store.guard": str(folder / "guard")}).config


async def test_a_log_begins_with_its_own_key_and_whose_it_is(tmp_path: Path) -> None:
    core = await begin(config_of(tmp_path), "begun.invalid")
    try:
        assert await core.reader.checkpoint() == b""
        leaf = log_key(core)
        assert (leaf.own, leaf.use, leaf.pub) == ("begun.invalid", "log", b64u(core.keys.log.public))
        assert core.keys.safe is not None
        assert leaf.x == {SAFE_MEMBER: b64u(core.keys.safe.public)}
        await sign_first(core, (leaf,), {"more": "1"})
        assert (await core.reader.prove(rid(encode(leaf)))).index == 0
        rows = {name: core.book.raw(Space.MISC, name) for name in ("domain", "origin", "more")}
        assert rows == {"domain": b"begun.invalid", "origin": b"begun.invalid", "more": b"1"}
        with pytest.raises(Refused, match=r"log\.conflict"):
            await sign_first(core, (log_key(core),), {})
    finally:
        await core.close()


async def test_what_is_there_is_not_begun_again(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "a").touch()
    with pytest.raises(Refused, match=r"store\.exists"):
        await begin(config_of(tmp_path), "begun.invalid")
    assert not (tmp_path / "store" / keys.FOLDER).exists()


async def test_a_place_that_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match=r"store\.failed"):
        await begin(config_of(tmp_path / "file"), "begun.invalid")


async def test_a_guard_that_is_there_belongs_to_another_log(tmp_path: Path) -> None:
    first = await begin(config_of(tmp_path), "begun.invalid")
    await first.close()
    (tmp_path / "store").rename(tmp_path / "away")
    with pytest.raises((Refused, Unavailable)):
        await begin(config_of(tmp_path), "begun.invalid")
