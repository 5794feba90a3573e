# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from answerable.errors import Unavailable
from answerable.model.units import Payload, Unit
from answerable.stores import erasing
from answerable.stores.days import DAY_MS
from answerable.stores.payload_form import HEAD, listed, open_names, runs, walk
from answerable.stores.payload_reads import PayloadReads
from answerable.stores.payloads import PayloadWriter

KEY = bytes(range(32))
RIDS = ["a" * 32, "b" * 32, "c" * 32]


def body(number: int) -> bytes:
    return b"the body of number %d " % number * 20


def salt(number: int) -> bytes:
    return bytes([65 + number]) * 32


def batch(*numbers: int) -> Unit:
    return Unit(payloads=tuple(Payload(RIDS[n], "in", salt(n), body(n), (b"tag-%d-" % n * 3,)) for n in numbers))


def secrets(folder: Path) -> dict[str, list[bytes]]:
    """By rid: the key and the sealed bytes of each of its payloads, as the files hold them."""
    found: dict[str, list[bytes]] = {}
    for _, _, path in listed(folder):
        file = os.open(path, os.O_RDONLY)
        for at, first, names, _ in walk(file):
            entries = open_names(KEY, first, os.pread(file, names, at + HEAD.size))
            for (start, length), (rid, _, key, *_) in zip(runs(entries, erased=False), entries, strict=False):
                found.setdefault(rid, []).extend([key, os.pread(file, length, at + HEAD.size + names + start)])
        os.close(file)
    return found


def everything(folder: Path) -> bytes:
    """All bytes of all files, and the lists of names in plain: what whoever has every key can see."""
    stored = b"".join(path.read_bytes() for path in folder.iterdir())
    for _, _, path in listed(folder):
        file = os.open(path, os.O_RDONLY)
        for at, first, names, _ in walk(file):
            stored += repr(open_names(KEY, first, os.pread(file, names, at + HEAD.size))).encode()
        os.close(file)
    return stored


@pytest.fixture
def made(tmp_path: Path) -> tuple[PayloadWriter, bytes, Path]:
    folder = tmp_path / "payloads"
    folder.mkdir()
    writer = PayloadWriter(folder, KEY, 0)
    return writer, writer.put(0, [batch(0, 1, 2)], 5 * DAY_MS, bodies=True), folder


def test_every_byte_of_it_is_gone_and_of_no_other(made: tuple[PayloadWriter, bytes, Path]) -> None:
    writer, places, folder = made
    held = secrets(folder)
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert writer.erase(places, 0, [RIDS[1]]) == 1
    stored = everything(folder)
    for secret in (*held[RIDS[1]], body(1), salt(1), b"tag-1-" * 3, repr(held[RIDS[1]][0]).encode()):
        assert secret not in stored
    for n in (0, 2):
        assert all(secret in stored for secret in held[RIDS[n]][1:])
        assert PayloadReads(folder, KEY).get(places, 0, RIDS[n], "in") == (salt(n), body(n))
    assert sum(path.stat().st_size for path in folder.iterdir()) == size
    assert writer.erase(places, 0, [RIDS[1]]) == 0
    # The file is written on, and read through at the next opening, as before.
    more = writer.put(1, [batch(0)], 5 * DAY_MS, bodies=True)
    writer.close()
    PayloadWriter(folder, KEY, 2).close()
    assert PayloadReads(folder, KEY).get(more, 1, RIDS[0], "in") == (salt(0), body(0))


class Cut(Exception):
    """The process dies here."""


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[list[str]]:
    """The `at`-th call that changes a file fails after half of its bytes; those before it are listed."""
    done: list[str] = []
    real: dict[str, Any] = {
        name: getattr(os, name) for name in ("pwrite", "fsync", "link", "rename", "unlink", "ftruncate")
    }

    def wrap(name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            if len(done) == at:
                if name == "pwrite":
                    file, data, offset = arguments
                    real["pwrite"](file, data[: len(data) // 2], offset)
                raise Cut
            done.append(name)
            return real[name](*arguments, **named)

        return call

    with monkeypatch.context() as patch:
        for name in real:
            patch.setattr(os, name, wrap(name))
        yield done


def test_cut_short_anywhere_it_is_whole_or_ends_at_the_next_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, at = 0, 0
    while True:
        folder = tmp_path / str(at)
        folder.mkdir()
        writer = PayloadWriter(folder, KEY, 0)
        places = writer.put(0, [batch(0, 1, 2)], 5 * DAY_MS, bodies=True)
        held = secrets(folder)
        finished = False
        with dying(monkeypatch, at) as done:
            try:
                writer.erase(places, 0, [RIDS[1]])
                finished = True
            except Cut:
                pass
        steps = max(steps, len(done))
        again = PayloadWriter(folder, KEY, 1)
        reads = PayloadReads(folder, KEY)
        for n in (0, 2):
            assert reads.get(places, 0, RIDS[n], "in") == (salt(n), body(n)), at
        left = reads.get(places, 0, RIDS[1], "in")
        assert left in (None, (salt(1), body(1))), at
        assert again.erase(places, 0, [RIDS[1]]) == (left is not None)
        stored = everything(folder)
        for secret in (*held[RIDS[1]], repr(held[RIDS[1]][0]).encode()):
            assert secret not in stored, at
        assert {path.name for path in folder.iterdir()} == {"5-1"}
        again.close()
        writer.close()
        if finished:
            break
        at += 1
    assert steps >= 8


def test_an_erasure_that_failed_is_ended_before_anything_else_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process lives on: what a failed sync left in memory is not taken for what the disk has, and the next erasure
    does not take the list away from which the first is to be ended."""
    at, ended = 0, False
    while not ended:
        folder = tmp_path / str(at)
        folder.mkdir()
        writer = PayloadWriter(folder, KEY, 0)
        first = writer.put(0, [batch(0, 1, 2)], 5 * DAY_MS, bodies=True)
        second = writer.put(3, [batch(0)], 5 * DAY_MS, bodies=True)
        with dying(monkeypatch, at):
            try:
                writer.erase(first, 0, [RIDS[1]])
                ended = True
            except Cut:
                pass
        begun = (folder / erasing.REDO).exists()
        with dying(monkeypatch, 1 << 30) as done:
            assert writer.erase(second, 3, [RIDS[0]]) == 1
            writer.erase(first, 0, [RIDS[1]])
        assert done.count("fsync") >= 4 + begun, at
        reads = PayloadReads(folder, KEY)
        for n in (0, 2):
            assert reads.get(first, 0, RIDS[n], "in") == (salt(n), body(n)), at
        assert reads.get(first, 0, RIDS[1], "in") is None
        assert body(1) not in everything(folder)
        assert {path.name for path in folder.iterdir()} == {"5-1"}
        writer.close()
        at += 1
    assert at >= 8


def test_what_is_left_of_an_erasure_in_a_file_that_expired_keeps_no_store_shut(
    made: tuple[PayloadWriter, bytes, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, places, folder = made
    with dying(monkeypatch, 5), pytest.raises(Cut):
        writer.erase(places, 0, [RIDS[1]])
    assert (folder / erasing.REDO).exists()
    writer.close()
    (folder / "5-1").unlink()
    PayloadWriter(folder, KEY, 3).close()
    assert list(folder.iterdir()) == []


def test_a_day_that_is_over_keeps_what_is_held(made: tuple[PayloadWriter, bytes, Path]) -> None:
    writer, places, folder = made
    second = writer.put(3, [batch(0), batch(2)], 5 * DAY_MS, bodies=True)
    held = secrets(folder)
    assert writer.sweep(7 * DAY_MS, lambda rid: rid == RIDS[2]) == 1
    assert writer.sweep(7 * DAY_MS, lambda rid: rid == RIDS[2]) == 0
    assert writer.kept == {RIDS[2]}
    stored = everything(folder)
    reads = PayloadReads(folder, KEY)
    for n in (0, 1):
        assert not any(secret in stored for secret in held[RIDS[n]])
        assert reads.get(places, 0, RIDS[n], "in") is None
    assert reads.get(places, 0, RIDS[2], "in") == reads.get(second, 3, RIDS[2], "in") == (salt(2), body(2))
    writer.close()
    again = PayloadWriter(folder, KEY, 5)  # it finds them where they were
    assert reads.get(second, 3, RIDS[2], "in") == (salt(2), body(2))
    assert again.sweep(7 * DAY_MS) == 1
    assert list(folder.iterdir()) == []


def test_a_day_cut_short_anywhere_loses_nothing_that_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = 0
    while True:
        folder = tmp_path / str(at)
        folder.mkdir()
        writer = PayloadWriter(folder, KEY, 0)
        places = writer.put(0, [batch(0, 1, 2)], 5 * DAY_MS, bodies=True)
        writer.close()
        finished = False
        with dying(monkeypatch, at):
            try:
                writer.sweep(7 * DAY_MS, lambda rid: rid == RIDS[2])
                finished = True
            except Cut:
                pass
        again = PayloadWriter(folder, KEY, 3)
        while again.sweep(7 * DAY_MS, lambda rid: rid == RIDS[2]):
            pass
        reads = PayloadReads(folder, KEY)
        assert reads.get(places, 0, RIDS[2], "in") == (salt(2), body(2)), at
        assert reads.get(places, 0, RIDS[0], "in") is None
        assert body(0) not in everything(folder)
        assert {path.name for path in folder.iterdir()} == {"5-1"}
        if finished:
            break
        at += 1
    assert at >= 8


def test_another_key_erases_nothing(made: tuple[PayloadWriter, bytes, Path]) -> None:
    _, places, folder = made
    before = everything(folder)
    for key, first in ((b"k" * 32, 0), (KEY, 1)):
        with pytest.raises(Unavailable) as caught:
            erasing.erase(folder, key, places, first, [RIDS[0]])
        assert caught.value.code == "store.damaged"
    assert everything(folder) == before
