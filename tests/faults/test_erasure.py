# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random points of erasing. What was said to be erased stands in no file; what was not meant is whole."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.crypto.random import salt
from answerable.log.leaf import rid
from answerable.model.units import Payload, Unit
from answerable.stores.sqlite import SqliteStore
from tests.faults.disk import Disk, marks
from tests.faults.eraser import OVER
from tests.faults.tally import TALLY
from tests.faults.trace import calls, record, said
from tests.house.tree import ROOT
from tests.ledger import DAY_MS, PAYLOAD_KEY, append, leaf

KILLS = 8
CUTS = int(os.environ.get("FAULT_CUTS", "14"))  # of each kind
RECORDS = 60
random_ = random.Random(20251122)


def body(number: int) -> bytes:
    return b"<the words of number %05d>" % number * 30


def tag(number: int) -> bytes:
    return b"tag-%011d-" % number


def made(folder: Path, count: int = RECORDS) -> list[tuple[int, str, bytes]]:
    """A store of records in batches of seven; (index, rid, salt) of each."""
    store = SqliteStore.create(folder / "store", payload_key=PAYLOAD_KEY)
    records: list[tuple[int, str, bytes]] = []
    while len(records) < count:
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


def survives(folder: Path, records: list[tuple[int, str, bytes]], erased: set[str], todo: set[str]) -> None:
    """After whatever happened: what was said to be erased is gone, what nobody wanted erased is whole, and erasing goes
    on to its end."""
    store = SqliteStore.open(folder / "store", payload_key=PAYLOAD_KEY)
    view = store.view()
    stored = files(folder / "store")
    for number, its, salted in records:
        kept = view.payload(its, "in")
        if its in erased:
            assert kept is None
            assert view.by_tag(tag(number)) == []
            assert not any(body(number) in data or tag(number) in data for data in stored)
        elif its in todo:
            assert kept in (None, (salted, body(number)))
        else:
            assert kept == (salted, body(number)), "another one's words are lost"
            assert view.by_tag(tag(number)) == [its]
    for index, its, _ in records:
        if its in todo:
            store.erase([(index, its)])
            store.tidy([its])
    stored = files(folder / "store")
    for number, its, _ in records:
        if its in todo:
            assert view.payload(its, "in") is None
            assert not any(tag(number) in data for data in stored)
    view.close()
    store.close()


def cuts(tmp_path: Path, todo: list[tuple[int, str, bytes]], *options: str) -> Iterator[tuple[Path, list[str]]]:
    """What power cuts leave of the program's folder, and what it had said by then."""
    folder = tmp_path / "run"
    (folder / "todo.json").write_text(json.dumps([record[:2] for record in todo]))
    shutil.copytree(folder, tmp_path / "before")
    record(tmp_path / "trace", "tests.faults.eraser", str(folder), *options)
    done = calls(tmp_path / "trace")
    told = list(said(done))
    anywhere = [mark[0] for mark in marks(done) if mark[1].name not in ("openat", "close")]
    places = sorted(random_.choice(kind) for kind in [anywhere, [at for at, _ in told]] for _ in range(CUTS))
    disk = Disk(folder, tmp_path / "before")
    coming = iter(marks(done))
    mark = next(coming, None)
    for number, place in enumerate(places):
        while mark is not None and mark[0] <= place:
            disk.step(mark[1], ends=mark[2])
            mark = next(coming, None)
        left = tmp_path / f"cut-{number}"
        disk.cut(left, random_)
        yield left, b"".join(data for at, data in told if at <= place).decode().splitlines()
        shutil.rmtree(left)


@pytest.mark.system("strace")
@pytest.mark.timeout(160 + 10 * CUTS)
def test_a_power_cut_while_it_erases(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    records = made(tmp_path / "run", 14)
    todo = records[::2]
    for left, told in cuts(tmp_path, todo):
        erased = set(told)
        try:
            survives(left, records, erased, {its for _, its, _ in todo})
        except BaseException:
            TALLY.count("power cut while erasing", lost=True, acknowledged=len(erased))
            raise
        TALLY.count("power cut while erasing", acknowledged=len(erased))


@pytest.mark.system("strace")
@pytest.mark.timeout(160 + 10 * CUTS)
def test_after_a_power_cut_nothing_of_what_was_just_written_and_erased_is_in_any_file(tmp_path: Path) -> None:
    """Not even sealed: the log carried it in its transaction, and a write-ahead log that was cut may come back."""
    (tmp_path / "run").mkdir()
    made(tmp_path / "run", 7)
    for left, told in cuts(tmp_path, [], "--fresh"):
        lines = [line.split() for line in told]
        erased = {line[0] for line in lines if len(line) == 1}
        sealed = [line for line in lines if len(line) == 3 and line[0] in erased]
        try:
            store = SqliteStore.open(left / "store", payload_key=PAYLOAD_KEY)
            stored = files(left / "store")
            for its, *pieces in sealed:
                assert not any(bytes.fromhex(piece) in data for piece in pieces for data in stored), its
            store.close()
        except BaseException:
            TALLY.count("power cut after erasing what is new", lost=True, acknowledged=len(sealed))
            raise
        TALLY.count("power cut after erasing what is new", acknowledged=len(sealed))


@pytest.mark.system("strace")
@pytest.mark.timeout(160 + 10 * CUTS)
def test_a_power_cut_while_it_sweeps_past_a_hold(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    records = made(tmp_path / "run", 21)
    held = records[::3]
    for left, _ in cuts(tmp_path, held, "--sweep"):
        try:
            store = SqliteStore.open(left / "store", payload_key=PAYLOAD_KEY)
            view = store.view()
            for attempt in range(2):
                for number, its, salted in held:
                    assert view.payload(its, "in") == (salted, body(number)), "what is held is lost"
                while not attempt and store.sweep(OVER, {its for _, its, _ in held}.__contains__):
                    pass
                store.tidy()
            stored = files(left / "store")
            for number, its, _ in records:
                if (number, its, _) not in held:
                    assert view.payload(its, "in") is None
                    assert not any(tag(number) in data for data in stored)
            view.close()
            store.close()
        except BaseException:
            TALLY.count("power cut while sweeping", lost=True, acknowledged=len(held))
            raise
        TALLY.count("power cut while sweeping", acknowledged=len(held))


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
            [sys.executable, "-m", "tests.faults.eraser", str(folder), "--wait"],
            cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        # Somewhere inside: after so many, and a moment more.
        told = [process.stdout.readline().strip() for _ in range(random_.randrange(len(todo)))]
        time.sleep(random_.random() * 0.01)
        process.kill()
        told += process.stdout.read().split()
        process.wait()
        process.stdout.close()
        assert process.stdin is not None
        process.stdin.close()
        killed += "end" not in told
        survives(folder, records, set(told), {its for _, its, _ in todo})
        TALLY.count("kill while erasing", acknowledged=len(told))
    assert killed >= KILLS // 3, "it was too quick to be killed"
