# SPDX-License-Identifier: Apache-2.0
"""A new key for the log: the leaves, what stays believed, and every place where a rotation can be cut short."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from answerable.app import keys as own_keys
from answerable.app import rotation, tiling
from answerable.app.core import open_core
from answerable.app.rotation import rotate
from answerable.config import Config
from answerable.crypto import mldsa
from answerable.crypto.ed25519 import Key
from answerable.errors import Unavailable, VerificationError
from answerable.log import checkpoint, note
from answerable.log.leaf import decode
from answerable.log.note import VerifierKey
from answerable.log.trust import Trust, parse
from answerable.model.leaves import KeyLeaf
from answerable.tiles.monitor import Monitor
from answerable.tiles.state import State
from tests.unit.app.small_store import config, made


async def store(path: Path) -> tuple[Config, bytes]:
    """Of a new store: its settings, and the checkpoint that it published."""
    core = await made(path)
    note = await core.reader.checkpoint()
    settings = core.config
    await core.close()
    return settings, note


async def leaves(settings: Config) -> list[KeyLeaf]:
    core = await open_core(settings)
    try:
        found = [decode(data) for data in await core.reader.tail(0, 1000)]
    finally:
        await core.close()
    return [leaf for leaf in found if isinstance(leaf, KeyLeaf) and leaf.use == "log"]


def watched(settings: Config, trust: Trust) -> list[str]:
    source, state = tiling.live(settings), State(None)
    try:
        found = Monitor(source, trust, state, lambda: 1 << 52).round().findings
        return [finding.code for finding in found if finding.code != "monitor.unclosed"]
    finally:
        source.close()
        state.close()


def trust_of(settings: Config) -> Trust:
    return parse((settings.store_path / "trust.txt").read_bytes())


async def test_the_log_goes_on_under_its_name(tmp_path: Path) -> None:
    settings, before = await store(tmp_path)
    old_trust = trust_of(settings)
    done = await rotate(settings)
    trust = trust_of(settings)
    core = await open_core(settings)
    after = await core.reader.checkpoint()
    assert parse(core.trust).logs[0] == VerifierKey.parse(done.key)
    await core.close()
    # Both heads are believed by the new trust file, the newest alone by the new keys, the old alone by the old.
    assert trust.check(before).size < trust.check(after).size
    assert old_trust.check(before)
    with pytest.raises(VerificationError) as caught:
        old_trust.check(after)
    assert caught.value.code == "log.untrusted"
    assert checkpoint.verify(after, [done.key]).origin == "unit.invalid"
    assert {done.key, done.former} <= {str(key) for key in trust.logs}
    named, successor, end = await leaves(settings)
    assert (successor.prev, successor.own) == (end.prev, "unit.invalid")
    assert (end.end, end.pub) == (True, named.pub)
    assert len(successor.sigs) == 2  # type: ignore[arg-type]
    assert watched(settings, trust) == []
    assert not any("next" in path.name for path in (settings.store_path / own_keys.FOLDER).iterdir())


async def test_again_and_again(tmp_path: Path) -> None:
    settings, first = await store(tmp_path)
    keys = [await rotate(settings) for _ in range(3)]
    assert [done.former for done in keys[1:]] == [done.key for done in keys[:-1]]
    trust = trust_of(settings)
    assert trust.check(first)
    assert len(trust.logs) == 8
    assert watched(settings, trust) == []
    assert len(await leaves(settings)) == 7


async def test_a_checkpoint_by_the_withdrawn_key_is_found(tmp_path: Path) -> None:
    settings, _ = await store(tmp_path)
    old = Key.load(settings.store_path / "keys" / "log.key", purpose="log")
    await rotate(settings)
    published = settings.guard_path / "published"
    head = checkpoint.parse(published.read_bytes())[0]
    published.write_bytes(checkpoint.sign(head.origin, head.size, head.root, old))
    assert watched(settings, trust_of(settings)) == ["monitor.key"]


async def test_a_checkpoint_by_the_withdrawn_ml_dsa_key_alone_is_found(tmp_path: Path) -> None:
    settings, _ = await store(tmp_path)
    old = mldsa.Key.load(settings.store_path / "keys" / "log-mldsa.key", purpose="log")
    await rotate(settings)
    published = settings.guard_path / "published"
    text = note.parse(published.read_bytes()).text
    head = checkpoint.parse(published.read_bytes())[0]
    signed = note.cosign(text, VerifierKey.of(head.origin, old.public, note.Kind.MLDSA), 1, old)
    published.write_bytes(note.Note(text, (signed,)).data)
    assert watched(settings, trust_of(settings)) == ["monitor.key"]


CUTS = ["_following", "_name", "_remember", "_swap", "_tell", "_withdraw", "checkpoint 1", "checkpoint 2"]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_cut_short_anywhere_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str, when: str
) -> None:
    settings, before = await store(tmp_path)
    name, _, turn = cut.partition(" ")
    place: Any = (
        rotation if name.startswith("_") else __import__("answerable.sequencer.reader", fromlist=["Reader"]).Reader
    )
    real = getattr(place, name)
    turns = 0

    def dies(*arguments: Any) -> Any:
        nonlocal turns
        turns += 1
        if turns < int(turn or 1):
            return real(*arguments)
        if when == "after":
            result = real(*arguments)
            if hasattr(result, "__await__"):
                return _then_die(result)
        raise KeyboardInterrupt

    monkeypatch.setattr(place, name, dies)
    with pytest.raises(KeyboardInterrupt):
        await rotate(settings)
    monkeypatch.undo()
    # Between the two the store opens, signs, and is believed by a trust file of then.
    core = await open_core(settings)
    assert core.ledger.failure is None
    assert parse(core.trust).check(await core.reader.checkpoint())
    await core.close()
    assert watched(settings, parse(core.trust)) == []
    done = await rotate(settings)
    trust = trust_of(settings)
    assert trust.check(before)
    assert done.key in {str(key) for key in trust.logs}
    assert watched(settings, trust) == []
    found = await leaves(settings)
    # Where all but the telling was done, what was asked for again is another rotation.
    assert len(found) in (3, 5)
    assert [leaf.end is True for leaf in found] == [False, *[False, True] * (len(found) // 2)]


async def _then_die(result: Any) -> None:
    await result
    raise KeyboardInterrupt


async def test_between_the_two_keys_of_a_swap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, before = await store(tmp_path)
    real = Path.replace

    def dies(path: Path, target: Path) -> Path:
        if path.name == rotation.NEXT_SAFE_FILE:
            raise KeyboardInterrupt
        return real(path, target)

    monkeypatch.setattr(Path, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        await rotate(settings)
    monkeypatch.undo()
    done = await rotate(settings)
    assert len(await leaves(settings)) == 3
    assert trust_of(settings).check(before)
    assert watched(settings, trust_of(settings)) == []
    core = await open_core(settings)
    assert str(VerifierKey.of(core.origin, core.keys.log.public)) == done.key
    assert not (settings.store_path / "keys" / rotation.NEXT_SAFE_FILE).exists()
    await core.close()


async def test_not_while_it_is_served(tmp_path: Path) -> None:
    core = await made(tmp_path)
    try:
        with pytest.raises(Unavailable) as caught:
            await rotate(config(tmp_path))
        assert caught.value.code == "store.locked"
    finally:
        await core.close()


async def test_former_keys_that_cannot_be_read(tmp_path: Path) -> None:
    settings, _ = await store(tmp_path)
    (settings.store_path / "keys" / own_keys.FORMER_FILE).write_text("no key\n")
    with pytest.raises(Unavailable) as caught:
        await open_core(settings)
    assert caught.value.code == "store.failed"
