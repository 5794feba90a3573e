# SPDX-License-Identifier: Apache-2.0
"""The monitor's state: rounds are whole or did not happen, whatever ends the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.tiles.state import Stand, State
from answerable.verify.audit.auditor import Carried
from answerable.verify.audit.facts import OpenFact, PartyFact, Suspicion
from answerable.verify.audit.findings import Finding

OPEN = OpenFact(index=7, t=1, system="s", warrant="w", suspicion=Suspicion("monitor.stopped", {"order": "o"}))
FOUND = Finding("monitor.duplicate", 5, 7, "r" * 32, {"what": "nonce", "earlier": 3})


def fill(state: State) -> None:
    state.note([(b"a", 1), (b"a", 2), (b"b" * 17, 3)])
    state.put("party", "p", PartyFact(index=4, id="NTRCN-1"))
    state.put("open", "o", OPEN)
    state.put("open", "gone", OPEN)
    state.drop("open", "gone")


def check(state: State) -> None:
    assert state.first([b"a", b"b" * 17, b"c"]) == {b"a": 1, b"b" * 17: 3}
    assert state.get("party", "p") == PartyFact(index=4, id="NTRCN-1")
    assert state.get("open", "o") == OPEN
    assert state.get("open", "gone") is None
    assert list(state.all("open")) == [("o", OPEN)]


@pytest.mark.parametrize("where", ["memory", "file"])
def test_a_round(where: str, tmp_path: Path) -> None:
    state = State(tmp_path / "state.db" if where == "file" else None)
    fill(state)
    check(state)
    state.commit(Stand(origin="o.invalid", size=9, note=b"note", carried=Carried(newest=4)), [FOUND])
    check(state)
    state.drop("party", "p")
    state.note([(b"c", 9)])
    assert list(state.all("party")) == []
    state.rollback()
    check(state)
    assert state.stand == Stand(origin="o.invalid", size=9, note=b"note", carried=Carried(newest=4), found=1)
    assert list(state.findings()) == [FOUND.as_dict()]
    state.close()


def test_what_was_not_committed_never_was(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    state = State(path)
    fill(state)
    list(state.all("open"))  # written, and not committed
    state.close()
    again = State(path)
    assert again.stand == Stand()
    assert again.first([b"a"]) == {}
    assert again.get("party", "p") is None
    fill(again)
    again.commit(Stand(size=1))
    again.close()
    third = State(path)
    check(third)
    third.close()


def test_many_keys_and_an_order_that_is_the_logs(tmp_path: Path) -> None:
    state = State(None)
    keys = [b"%d" % at for at in range(1501)]
    state.note((key, at) for at, key in enumerate(keys))
    assert state.first(keys) == {key: at for at, key in enumerate(keys)}
    for at in (9, 3, 700, 5):
        state.put("party", f"p{at}", PartyFact(index=at, id="x"))
    assert [rid for rid, _ in state.all("party")] == ["p3", "p5", "p9", "p700"]
    state.close()


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"this is no database, and long enough for a header of one" * 20)
    with pytest.raises(Unavailable) as caught:
        State(tmp_path / "text")
    assert caught.value.code == "store.damaged"
    with pytest.raises(Unavailable) as caught:
        State(tmp_path / "none" / "state.db")
    assert caught.value.code == "store.failed"
    import sqlite3

    newer = sqlite3.connect(tmp_path / "newer")
    newer.execute("PRAGMA user_version=9")
    newer.commit()
    newer.close()
    with pytest.raises(Unavailable) as caught:
        State(tmp_path / "newer")
    assert caught.value.code == "store.newer"
