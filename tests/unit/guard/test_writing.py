# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from answerable.guard.writing import ANEW, APPEND, WRITE, store


@contextmanager
def opened(path: Path) -> Iterator[int]:
    held = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield held
    finally:
        os.close(held)


@contextmanager
def writer(path: Path) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    ours, its = socket.socketpair()
    with opened(path) as held, ours:
        words = [sys.executable, "-I", "-m", "answerable.guard.writing", str(held), str(its.fileno())]
        process = subprocess.Popen(words, pass_fds=(held, its.fileno()))
        its.close()
        ours.settimeout(10)
        yield process, ours
    assert process.wait(10) == 0, "it ends with the guard's stream"


def message(name: str, how: str, data: bytes) -> bytes:
    return json.dumps({"name": name, "how": how, "size": len(data)}).encode() + b"\n" + data


def test_a_whole_file_at_its_end_or_anew(tmp_path: Path) -> None:
    with opened(tmp_path) as held:
        store(held, "a", WRITE, b"1")
        store(held, "b", APPEND, b"1")
        store(held, "b", APPEND, b"2")
        store(held, "c", APPEND, b"1")
        store(held, "c", ANEW, b"2")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"a": b"1", "b": b"12", "c": b"2"}


def test_a_file_that_is_not_whole_takes_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with opened(tmp_path) as held, pytest.raises(OSError, match="No space"):
        store(held, "a", WRITE, b"1")
    assert not (tmp_path / "a").exists()


def test_each_message_is_answered_by_what_became_of_it(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with writer(tmp_path) as (_, stream):
        stream.sendall(message("a", APPEND, b"x\ny"))
        assert stream.recv(1) == b"\1"
        stream.sendall(message("folder", APPEND, b"x"))
        assert stream.recv(1) == b"\0"
    assert (tmp_path / "a").read_bytes() == b"x\ny"


def test_it_ends_what_it_was_told_and_no_signal_of_the_terminal_ends_it(tmp_path: Path) -> None:
    with writer(tmp_path) as (process, stream):
        stream.sendall(message("a", APPEND, b"1"))
        assert stream.recv(1) == b"\1"
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        stream.sendall(message("b", WRITE, b"2") + message("c", WRITE, b"3"))
        stream.shutdown(socket.SHUT_RDWR)
    assert (tmp_path / "b").read_bytes() == b"2"
    assert (tmp_path / "c").read_bytes() == b"3"


def test_half_a_message_is_none(tmp_path: Path) -> None:
    with writer(tmp_path) as (_, stream):
        stream.sendall(message("a", APPEND, b"whole")[:-1])
        stream.shutdown(socket.SHUT_WR)
    assert not (tmp_path / "a").exists()
