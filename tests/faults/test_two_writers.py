# SPDX-License-Identifier: Apache-2.0
"""Two processes that write to one store. The second is kept out by the lock; where locks do nothing, each batch still
goes onto the head that its writer knows or nowhere, so that there is one log, and whoever lost the race stops."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.log import checkpoint
from answerable.log.leaf import rid
from answerable.log.merkle import consistency_proof, verify_consistency
from answerable.sequencer.guard import Guard
from tests.faults.checks import heard
from tests.faults.tally import TALLY
from tests.faults.trace import ROOT
from tests.ledger import ORIGIN, VKEY, guard_at, recomputed, sqlite_store


def test_the_second_is_kept_out(tmp_path: Path) -> None:
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    script = (
        "import sys; from pathlib import Path; from tests.ledger import *\n"
        "for take in (sqlite_store, guard_at):\n"
        "    try: take(Path(sys.argv[1]))\n"
        "    except Exception as error: print(error.code)"
    )
    second = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    assert second.stdout.split() == ["store.locked", "store.unguarded"]
    store.close()
    guard.close()


@pytest.mark.parametrize("number", range(3))
def test_where_locks_do_nothing_there_is_still_one_log(tmp_path: Path, number: int) -> None:
    sqlite_store(tmp_path).close()
    guard_at(tmp_path).close()
    shutil.copytree(tmp_path / "guard", tmp_path / "other")
    words = [sys.executable, "-m", "tests.faults.victim", str(tmp_path), "--once", "120", "--unlocked"]
    both = [
        subprocess.Popen([*words, guard], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for guard in ("guard", "other")
    ]
    said = [process.communicate(timeout=60)[0].decode().split("\n") for process in both]
    acknowledged: set[str] = set()
    notes: list[bytes] = []
    for lines in said:
        records, shown = heard(line for line in lines if line)
        acknowledged |= records
        notes += shown
    assert acknowledged
    store = sqlite_store(tmp_path)
    leaves = store.leaves(0, 1 << 40)
    assert acknowledged <= {rid(data) for data in leaves}, "acknowledged and lost"
    assert recomputed(store) == store.head()
    size, root = store.head()
    guards = [Guard.open(tmp_path / name, ORIGIN) for name in ("guard", "other")]
    for note in [*notes, *(guard.published for guard in guards if guard.published)]:
        old = checkpoint.verify(note, [VKEY])
        verify_consistency(old.size, old.root, size, root, consistency_proof(store.tile, old.size, size))
    for guard in guards:
        guard.close()
    store.close()
    TALLY.count("two writers without a lock", acknowledged=len(acknowledged))


def test_a_store_that_grew_behind_a_writer_is_not_written_to(tmp_path: Path) -> None:
    """The contract that it rests on: `append` compares and writes in one transaction."""
    from tests.ledger import append, opening

    store = sqlite_store(tmp_path)
    append(store, opening()[0])
    head = store.head()
    append(store, opening()[0])
    with pytest.raises(Unavailable) as forked:
        store.append(head[0], [b"x"], {}, b"", head, bytes(32), [])
    assert forked.value.code == "store.forked"
    store.close()
    assert base64.b64encode(head[1])
