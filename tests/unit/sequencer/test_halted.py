# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.model.units import Unit
from answerable.sequencer.guard import Guard
from answerable.sequencer.halted import Halted
from answerable.stores.sqlite import SqliteStore
from tests.ledger import ORIGIN, VKEY, append, guard_at, leaf, sqlite_store


def grown(tmp_path: Path) -> tuple[SqliteStore, Guard, bytes]:
    """A store of three leaves, a checkpoint of two published."""
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    append(store, Unit(leaves=(leaf(), leaf())))
    published = store.checkpoint()
    guard.publish(b"", published)
    append(store, Unit(leaves=(leaf(),)))
    return store, guard, published


async def test_everything_is_refused_with_the_reason(tmp_path: Path) -> None:
    store, guard, _ = grown(tmp_path)
    halted = Halted(store, guard, Unavailable("store.rolled_back", found=1, seen=2), [VKEY])
    for _ in range(2):
        with pytest.raises(Unavailable) as refused:
            await halted.commit(Unit(leaves=(leaf(),)))
        assert (refused.value.code, refused.value.params) == ("log.stopped", {"detail": "store.rolled_back"})
    halted.count_refusal("warrant.missing")
    halted.confront(b"")
    assert halted.failure.code == "store.rolled_back"
    assert (halted.settled, halted.cosigned()) == ((), b"")
    await halted.close()
    reopened, again = sqlite_store(tmp_path), Guard.open(tmp_path / "guard", ORIGIN)
    assert reopened.head()[0] == 3, "nothing was written, and both locks are free again"
    reopened.close()
    again.close()


async def test_what_was_published_is_shown_again(tmp_path: Path) -> None:
    store, guard, published = grown(tmp_path)
    halted = Halted(store, guard, Unavailable("store.damaged", detail="x"), [VKEY])
    assert await halted.published() == published
    assert await halted.witnessed(1) == published
    await halted.close()


async def test_without_a_guard_the_newest_of_the_store_is_shown(tmp_path: Path) -> None:
    store, guard, _ = grown(tmp_path)
    guard.close()
    halted = Halted(store, None, Unavailable("store.unguarded", path="x", detail="y"), [VKEY])
    assert await halted.published() == store.checkpoint()
    await halted.close()


@pytest.mark.parametrize("published", ["of this tree", "of another"])
async def test_another_history_is_never_shown(tmp_path: Path, published: str) -> None:
    store, guard, note = grown(tmp_path)
    if published == "of another":
        elsewhere, other = sqlite_store(tmp_path / "b"), guard_at(tmp_path / "b")
        append(elsewhere, Unit(leaves=(leaf(), leaf())))
        guard.publish(note, elsewhere.checkpoint())
        elsewhere.close()
        other.close()
    halted = Halted(store, guard, Unavailable("store.rewritten", seen=3), [VKEY])
    if published == "of another":
        with pytest.raises(Unavailable) as refused:
            await halted.published()
        assert refused.value.code == "log.stopped"
    else:
        assert await halted.published() == note
    await halted.close()


async def test_a_tree_that_does_not_lead_to_its_checkpoint_shows_none(tmp_path: Path) -> None:
    store, guard, _ = grown(tmp_path)
    store._database.execute("UPDATE tile SET data = zeroblob(96)")
    halted = Halted(store, guard, Unavailable("store.damaged", detail="x"), [VKEY])
    with pytest.raises(Unavailable):
        await halted.published()
    await halted.close()
