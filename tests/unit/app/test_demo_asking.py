# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from answerable.app.demo_asking import post


@contextmanager
def saying(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers one request."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                while not heard or not heard[-1].endswith(b"}"):
                    heard.append(connection.recv(65_536))
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
        thread.join(5)


def test_what_is_sent_and_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # is not asked
    body = b'{"a":1}'
    with saying(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n" + body) as (url, heard):
        reply = post(f"{url}/v1/x", "ans_x", {"b": 2}, {"mcp-name": "pay"})
    assert (reply.ok, reply.json()) == (True, {"a": 1})
    head, _, sent = b"".join(heard).partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"post /v1/x http/1.1"
    assert sent == b'{"b": 2}'
    assert {b"authorization: bearer ans_x", b"content-type: application/json", b"mcp-name: pay"} <= set(lines)


def test_a_refusal_is_a_reply() -> None:
    with saying(b"HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno") as (url, _):
        reply = post(url, "x", {})
    assert (reply.status, reply.text, reply.ok) == (403, "no", False)
    with pytest.raises(OSError, match="no JSON"):
        reply.json()


def test_what_is_no_http_is_no_gateway() -> None:
    with saying(b"SSH-2.0-x\r\n") as (url, _), pytest.raises(OSError, match="was not asked"):
        post(url, "x", {})


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/", "/v1", "", "http://", "http://h:port/"])
def test_no_other_place_is_opened(url: str) -> None:
    with pytest.raises(OSError, match=r"URL|not asked"):
        post(url, "x", {})
