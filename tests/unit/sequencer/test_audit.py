# SPDX-License-Identifier: Apache-2.0
"""Every part of a store, spoiled once: the audit names it, and nothing else that is still good."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from answerable.log.leaf import decode, encode, rid
from answerable.model.budgets import RESERVED
from answerable.model.leaves import CloseLeaf, Commitments, OpenLeaf
from answerable.model.units import Put, Space, Unit
from answerable.sequencer import replay_budgets
from answerable.sequencer.audit import Audit, audit
from answerable.sequencer.guard import Seen, peek
from answerable.stores.sqlite import SqliteStore
from tests.ledger import ORIGIN, VKEY, append, closing, guard_at, leaf, memory_store, opening, sqlite_store


def filled(folder: Path) -> SqliteStore:
    """A store of 620 leaves in batches of different sizes, with payloads, and its guard."""
    store, guard = sqlite_store(folder), guard_at(folder)
    for count in (1, 254, 1, 300):
        append(store, Unit(leaves=tuple(leaf() for _ in range(count))))
    for _ in range(32):
        unit, its = opening()
        append(store, unit)
        append(store, closing(its))
    guard.advance(*store.head())
    guard.publish(b"", store.checkpoint())
    guard.close()
    return store


def look(folder: Path, store: SqliteStore, **options: bool) -> Audit:
    view = store.view()
    found = audit(view, [VKEY], peek(folder / "guard", ORIGIN), state=False, **options)
    view.close()
    return found


def test_a_sound_store_has_no_findings(tmp_path: Path) -> None:
    store = filled(tmp_path)
    found = look(tmp_path, store)
    assert found.sound
    assert found.findings == []
    assert (found.size, found.root) == store.head()
    assert found.counts["leaves"] == 620
    assert found.counts["tiles"] == 2
    store.close()


def test_of_memory_and_of_an_empty_store(tmp_path: Path) -> None:
    assert audit(memory_store(tmp_path).view(), [VKEY], None).sound
    store = sqlite_store(tmp_path)
    guard_at(tmp_path).close()
    assert look(tmp_path, store).sound
    store.close()


@pytest.mark.parametrize(
    ("spoil", "codes"),
    [
        ("UPDATE tile SET data = zeroblob(8192) WHERE id = 1", {"audit.tile"}),
        ("DELETE FROM tile WHERE id = 0", {"audit.tile"}),
        ("UPDATE segment SET data = CAST(replace(data, 'x.invalid', 'y.invalid') AS BLOB) WHERE first = 0", None),
        ("DELETE FROM segment WHERE first = 255", {"audit.unreadable"}),
        ("UPDATE segment SET data = x'ffff00' WHERE first = 256", {"audit.unreadable"}),
        ("UPDATE recent SET note = x''", {"audit.checkpoint"}),
        ("UPDATE recent SET root = zeroblob(32)", {"audit.checkpoint", "audit.root"}),
    ],
)
def test_what_was_spoiled_is_named(tmp_path: Path, spoil: str, codes: set[str] | None) -> None:
    store = filled(tmp_path)
    store._database.execute(spoil)
    found = look(tmp_path, store)
    if codes is None:
        assert {"audit.tile", "audit.root"} <= set(found.found)
    else:
        assert set(found.found) == codes
    for finding in found.findings:
        assert finding.reason("en")
        assert finding.remedy("zh")
    store.close()


def test_a_lost_batch_is_counted_leaf_by_leaf_and_the_rest_is_still_checked(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store._database.execute("DELETE FROM segment WHERE first = 256")
    found = look(tmp_path, store)
    assert found.found == {"audit.unreadable": 300}
    assert len(found.findings) == 50
    assert found.counts["leaves"] == 320
    store.close()


def test_a_spoiled_payload_is_named_by_its_record(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.close()
    for file in (tmp_path / "store" / "payloads").iterdir():
        data = bytearray(file.read_bytes())
        data[len(data) // 8] ^= 1
        file.write_bytes(data)
    # The leaves of these tests hold no commitments: a real one does, see tests/faults/test_repair.py.
    store = sqlite_store(tmp_path)
    assert look(tmp_path, store).sound
    store.close()


def test_an_index_that_lies_is_named(tmp_path: Path) -> None:
    store = filled(tmp_path)
    assert look(tmp_path, store).sound
    store.close()
    import sqlite3

    index = sqlite3.connect(tmp_path / "store" / "index.db")
    index.execute("DELETE FROM record WHERE at = 7")
    index.commit()
    index.close()
    store = sqlite_store(tmp_path)
    assert look(tmp_path, store).found == {"audit.index": 1}
    store.close()


def test_a_record_that_was_written_twice(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    guard_at(tmp_path).close()
    data = leaf()
    append(store, Unit(leaves=(data, leaf(), data)))
    found = look(tmp_path, store)
    assert found.found == {"audit.twice": 1}
    assert found.findings[0].params == {"index": 2, "other": 0, "rid": rid(data)}
    store.close()


@pytest.mark.parametrize("behind", [True, False])
def test_what_the_guard_says_otherwise(tmp_path: Path, behind: bool) -> None:
    store = filled(tmp_path)
    seen = peek(tmp_path / "guard", ORIGIN)
    size, root = (seen.size + 1, seen.root) if behind else (seen.size, bytes(32))
    view = store.view()
    found = audit(view, [VKEY], Seen(size, root, seen.published), state=False)
    assert set(found.found) == {"store.rolled_back" if behind else "store.rewritten"}
    assert set(audit(view, [VKEY], Seen(0, b"", b"x"), state=False).found) == {"store.unguarded"}
    view.close()
    store.close()


@pytest.mark.parametrize("at", [100, 300, 600])
def test_a_file_that_lost_a_page(tmp_path: Path, at: int) -> None:
    """One with leaves. Whatever SQLite makes of it, the audit goes on to its end and does not call it sound."""
    store = filled(tmp_path)
    piece = store.leaf(at)[-100:]
    store.close()
    file = tmp_path / "store" / "log.db"
    data = bytearray(file.read_bytes())
    page = data.index(piece) // 4096 * 4096
    data[page : page + 4096] = bytes(4096)
    file.write_bytes(data)
    from answerable.stores.view import SqliteView
    from tests.ledger import PAYLOAD_KEY

    view = SqliteView(tmp_path / "store", PAYLOAD_KEY)
    assert not audit(view, [VKEY], peek(tmp_path / "guard", ORIGIN), state=False).sound
    view.close()


def test_rows_that_no_leaf_tells_are_findings(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    append(store, Unit(leaves=(leaf(),), effects=(Put(Space.STOPS, "x", b"{}"), Put(Space.MISC, "demo", b"for life"))))
    view = store.view()
    found = audit(view, [VKEY], None)
    assert found.found == {"audit.state": 1}
    assert found.findings[0].params["space"] == "stops"
    view.close()
    store.close()


def test_beside_a_writer_nothing_is_found(tmp_path: Path) -> None:
    """Between the state, the head and the leaves the log grows."""
    store = filled(tmp_path)
    view = store.view()

    def growing(call: Callable[..., object]) -> Callable[..., object]:
        times = iter(range(3))

        def called(*arguments: object) -> object:
            if next(times, None) is not None:
                append(store, Unit(leaves=tuple(leaf() for _ in range(90))))
            return call(*arguments)

        return called

    view.state = growing(view.state)  # type: ignore[method-assign,assignment]
    view.checkpoint = growing(view.checkpoint)  # type: ignore[method-assign,assignment]
    view.leaves = growing(view.leaves)  # type: ignore[method-assign,assignment]
    found = audit(view, [VKEY], None, state=False)
    assert found.sound, found.findings
    view.close()
    store.close()
    shutil.rmtree(tmp_path / "store")


def reserving(at: int) -> tuple[Unit, Put]:
    """An action that reserved at that time, ms UTC, and has ended; and the row of what it reserved."""
    told = {RESERVED: {"at": at, "cpy": "c" * 32, "most": [["calls", 1]]}}
    opened = OpenLeaf(
        act="generation", c=Commitments(in_="x"), dec="permit", n="n" * 22, par=[], party="p" * 32, pol="p",
        rule="R100", sys="s" * 32, t=at, tier=0, war="w" * 32, wld="information", x=told,
    )  # fmt: skip
    data = encode(opened)
    ended = encode(CloseLeaf(n="m" * 22, open=rid(data), st="done", t=at))
    (put,) = replay_budgets.reserved(decode(data), rid(data))  # type: ignore[arg-type]
    assert isinstance(put, Put)
    return Unit(leaves=(data, ended)), put


def test_a_reservation_that_no_window_counts_any_more_is_not_missing(tmp_path: Path) -> None:
    now, day = time.time_ns() // 1_000_000, 86_400_000
    for at, kept, sound in ((now - 2 * day, False, True), (now - day // 2, False, False), (now - day // 2, True, True)):
        unit, put = reserving(at)
        store = sqlite_store(tmp_path / f"{at}{kept}")
        append(store, msgspec.structs.replace(unit, effects=(put,) if kept else ()))
        view = store.view()
        found = audit(view, [VKEY], None, payloads=False)
        view.close()
        store.close()
        assert found.sound is sound, found.findings
        assert found.counts["budgets let go of"] == (sound and not kept)
        if not sound:
            (finding,) = found.findings
            assert (finding.params["space"], finding.params["members"]) == ("budgets", "it is missing")
