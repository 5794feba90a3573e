# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from answerable.cli.client import exchange
from answerable.errors import Refused, Unavailable, VerificationError
from tests.unit.control.house import House


def once(path: Path, answer: bytes) -> threading.Thread:
    """A server that gives one answer, whatever is asked."""
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    sock.listen(1)

    def serve() -> None:
        peer, _ = sock.accept()
        peer.recv(65536)
        peer.sendall(answer)
        peer.close()
        sock.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def test_errors_come_back_as_they_were_raised(house: House) -> None:
    with pytest.raises(Refused) as refused:
        house.get("/parties/nobody")
    assert (refused.value.code, refused.value.params) == ("party.unknown", {"party": "nobody"})


def test_no_service_is_could_not_check(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as away:
        exchange(tmp_path / "none.sock", "GET", "/x", b"", {})
    assert (away.value.code, away.value.exit) == ("admin.unreachable", 4)


@pytest.mark.parametrize(
    "body",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{x}",
        b'HTTP/1.1 500 X\r\ncontent-length: 22\r\n\r\n{"error":{"code":"no"}}',
        b"HTTP/1.1 404 X\r\ncontent-length: 2\r\n\r\n[]",
    ],
)
def test_an_answer_of_another_kind_is_could_not_check(tmp_path: Path, body: bytes) -> None:
    thread = once(tmp_path / "s", body)
    with pytest.raises(Unavailable) as broken:
        exchange(tmp_path / "s", "GET", "/x", b"", {})
    assert broken.value.code == "admin.answer"
    thread.join(5)


def test_the_kind_of_error_is_kept(tmp_path: Path) -> None:
    text = b'{"error":{"code":"log.signature","type":"verificationerror","params":{}}}'
    thread = once(tmp_path / "s", b"HTTP/1.1 403 X\r\ncontent-length: %d\r\n\r\n" % len(text) + text)
    with pytest.raises(VerificationError):
        exchange(tmp_path / "s", "GET", "/x", b"", {})
    thread.join(5)


def test_a_service_that_hangs_is_away(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen(1)
        began = time.monotonic()
        with pytest.raises(Unavailable) as away:
            exchange(tmp_path / "s", "GET", "/x", b"", {}, 0.2)
        assert away.value.code == "admin.unreachable"
        assert time.monotonic() - began < 5
