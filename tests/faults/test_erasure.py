# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random points of erasing. What was said to be erased stands in no file; what was not meant is whole."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from answerable.crypto.random import salt
from answerable.log.leaf import rid
from answerable.model.units import Payload, Unit
from answerable.stores.sqlite import SqliteStore
from tests.house.tree import ROOT
from tests.ledger import DAY_MS, PAYLOAD_KEY, append, leaf

KILLS = 12
RECORDS = 60
random_ = random.Random(20251122)


def body(number: int) -> bytes:
    return b"<the words of number %05d>" % number * 30


def tag(number: int) -> bytes:
    return b"tag-%011d-" % number


def made(folder: Path) -> list[tuple[int, str, bytes]]:
    """A store of records in batches of seven; (index, rid, salt) of each."""
    store = SqliteStore.create(folder / "store", payload_key=PAYLOAD_KEY)
    records: list[tuple[int, str, bytes]] = []
    while len(records) < RECORDS:
        leaves, payloads = [], []
        for _ in range(7):
            number, data, salted = len(records), leaf(), salt()
            records.append((number, rid(data), salted))
            leaves.append(data)
            payloads.append(Payload(rid(data), "in", salted, body(number), (tag(number),)))
        append(store, Unit(leaves=tuple(leaves), payloads=tuple(payloads)), expires=99 * DAY_MS)
    view = store.view()
    assert view.by_tag(tag(3)) == [records[3][1]]
    view.close()
    store.close()
    return records


def files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


@pytest.mark.timeout(120)
def test_killed_while_it_erases(tmp_path: Path) -> None:
    killed = 0
    for attempt in range(KILLS):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        records = made(folder)
        todo = records[::2]
        (folder / "todo.json").write_text(json.dumps([record[:2] for record in todo]))
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.eraser", str(folder)],
            cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(random_.random() * 0.4)
        process.kill()
        said = process.stdout.read().split()
        process.wait()
        process.stdout.close()
        assert process.stdin is not None
        process.stdin.close()
        killed += "end" not in said
        store = SqliteStore.open(folder / "store", payload_key=PAYLOAD_KEY)
        view = store.view()
        stored = files(folder / "store")
        for number, its, salted in records:
            kept = view.payload(its, "in")
            if its in said:
                assert kept is None
                assert view.by_tag(tag(number)) == []
                assert not any(body(number) in data or tag(number) in data for data in stored)
            elif (number, its, salted) in todo:
                assert kept in (None, (salted, body(number)))
            else:
                assert kept == (salted, body(number)), "another one's words are lost"
                assert view.by_tag(tag(number)) == [its]
        # What was in hand when it died is ended by asking again.
        for index, its, _ in todo:
            store.erase([(index, its)])
        stored = files(folder / "store")
        for number, its, _ in todo:
            assert view.payload(its, "in") is None
            assert not any(tag(number) in data for data in stored)
        view.close()
        store.close()
    assert killed >= KILLS // 3, "it was too quick to be killed"
