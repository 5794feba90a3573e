# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from answerable.crypto.ed25519 import Key
from answerable.log import checkpoint
from answerable.log.leaf import decode
from answerable.model.leaves import CloseLeaf
from answerable.model.units import Drop, Expect, Space, Unit
from answerable.sequencer.recovery import examine, settling
from tests.ledger import ORIGIN, SIGNER, VKEY, append, guard_at, leaf, sqlite_store, unavailable


def test_a_sound_store_of_any_size(tmp_path: Path) -> None:
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    assert examine(store, guard, [VKEY]).size == 0
    for count in (1, 254, 1, 1, 300):
        append(store, Unit(leaves=tuple(leaf() for _ in range(count))))
        frontier = examine(store, guard, [VKEY])
        assert (frontier.size, frontier.root()) == store.head()
        guard.advance(*store.head())
    guard.publish(b"", store.checkpoint())
    append(store, Unit(leaves=(leaf(),)))
    examine(store, guard, [VKEY])
    store.close()
    guard.close()


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE tile SET data = x'00' WHERE id = 1",
        "DELETE FROM tile WHERE id >> 48 = 1",
        "UPDATE recent SET root = zeroblob(32)",
        "UPDATE recent SET size = size - 1",
        "UPDATE recent SET note = x''",
        "DELETE FROM segment WHERE first = 290",
    ],
)
def test_damage_is_found(tmp_path: Path, spoil: str) -> None:
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    append(store, Unit(leaves=tuple(leaf() for _ in range(290))))
    append(store, Unit(leaves=(leaf(),)))
    guard.advance(*store.head())
    store._database.execute(spoil)
    with unavailable("store.damaged"):
        examine(store, guard, [VKEY])
    store.close()
    guard.close()


def test_another_keys_head_is_refused(tmp_path: Path) -> None:
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    append(store, Unit(leaves=(leaf(),)))
    other = checkpoint.vkey(ORIGIN, Key.generate().public)
    with unavailable("store.damaged"):
        examine(store, guard, [other])
    store.close()
    guard.close()


def test_a_head_by_a_former_key_is_accepted_once_it_is_named(tmp_path: Path) -> None:
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    append(store, Unit(leaves=(leaf(),)))
    guard.publish(b"", store.checkpoint())
    new = checkpoint.vkey(ORIGIN, Key.generate().public)
    with unavailable("store.damaged"):
        examine(store, guard, [new])
    assert examine(store, guard, [new, VKEY]).size == 1
    store.close()
    guard.close()


def test_a_newest_leaf_that_was_exchanged_is_found(tmp_path: Path) -> None:
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    append(store, Unit(leaves=(leaf(),)))
    store._database.execute("UPDATE segment SET data = CAST(replace(data, 'x.invalid', 'y.invalid') AS BLOB)")
    with unavailable("store.damaged"):
        examine(store, guard, [VKEY])
    store.close()
    guard.close()


@pytest.mark.parametrize("seen", ["commit", "checkpoint"])
def test_a_store_that_was_rolled_back_is_not_signed_for(tmp_path: Path, seen: str) -> None:
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    append(store, Unit(leaves=(leaf(),)))
    store.close()
    shutil.copytree(tmp_path / "store", tmp_path / "older")
    store = sqlite_store(tmp_path)
    append(store, Unit(leaves=(leaf(),)))
    if seen == "commit":
        guard.advance(*store.head())
    else:
        guard.publish(b"", store.checkpoint())
    store.close()
    shutil.rmtree(tmp_path / "store")
    (tmp_path / "older").rename(tmp_path / "store")
    store = sqlite_store(tmp_path)
    with unavailable("store.rolled_back"):
        examine(store, guard, [VKEY])
    append(store, Unit(leaves=(leaf(),)))  # grown again to the same size: a fork
    with unavailable("store.rewritten"):
        examine(store, guard, [VKEY])
    append(store, Unit(leaves=(leaf(), leaf())))
    with unavailable("store.rewritten"):
        examine(store, guard, [VKEY])
    store.close()
    guard.close()


def test_a_published_note_of_another_key_is_no_guard(tmp_path: Path) -> None:
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    append(store, Unit(leaves=(leaf(),)))
    guard.publish(b"", checkpoint.sign(ORIGIN, *store.head(), Key.generate()))
    with unavailable("store.unguarded"):
        examine(store, guard, [VKEY])
    store.close()
    guard.close()


def test_settling_closes_as_unknown_and_only_what_is_open() -> None:
    rids = ["a" * 32, "b" * 32]
    unit = settling([(rid, b"1") for rid in rids], 77)
    leaves = [decode(data) for data in unit.leaves]
    assert all(isinstance(data, CloseLeaf) and (data.st, data.t) == ("unknown", 77) for data in leaves)
    assert [data.open for data in leaves if isinstance(data, CloseLeaf)] == rids
    assert unit.effects == tuple(Drop(Space.OPENS, rid) for rid in rids)
    assert unit.expect == tuple(Expect(Space.OPENS, rid, b"1") for rid in rids)
    assert SIGNER.public  # the key of the vkey above
