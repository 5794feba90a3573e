# SPDX-License-Identifier: Apache-2.0
"""Sources: a folder and a real HTTP server, with answers as bad as strangers make them."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from answerable.errors import Refused, Unavailable
from answerable.net.source import Folder, Source, Web, open_source

BODY = b"some bytes " * 40


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        name = self.path.removeprefix("/log/")
        extra: dict[str, str] = {}
        status, body = 200, BODY
        if name == "gone":
            status, body = 404, b"not here"
        elif name == "zipped":
            body, extra = gzip.compress(BODY), {"content-encoding": "gzip"}
        elif name == "bomb":
            body, extra = gzip.compress(bytes(10_000_000)), {"content-encoding": "gzip"}
        elif name == "cut zip".replace(" ", "-"):
            body, extra = gzip.compress(BODY)[:-6], {"content-encoding": "gzip"}
        elif name == "long-zip":
            body, extra = gzip.compress(BODY) + b"more", {"content-encoding": "gzip"}
        elif name == "longer-zip":
            body, extra = gzip.compress(BODY) + bytes(300_000), {"content-encoding": "gzip"}
        elif name == "odd":
            extra = {"content-encoding": "br"}
        elif name == "moved":
            status, extra = 302, {"location": "http://127.0.0.1:9/"}
        elif name == "broken":
            status = 500
        self.send_response(status)
        for key, value in extra.items():
            self.send_header(key, value)
        self.send_header("content-length", str(len(body) + (10 if name == "short" else 0)))
        self.end_headers()
        self.wfile.write(body)
        if name in ("short", "last"):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Web]:
    Handler.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    source = Web(f"http://127.0.0.1:{server.server_port}/log/", timeout=5)
    try:
        yield source
    finally:
        source.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "tile").mkdir()
    (tmp_path / "tile" / "000").write_bytes(b"abc")
    source = open_source(str(tmp_path))
    assert isinstance(source, Folder)
    assert source.get("tile/000", 3) == b"abc"
    assert source.get("tile/001", 3) is None
    assert source.get("tile/000/000", 3) is None
    refused(source, "tile/000", 2, "source.oversized")
    refused(source, "tile", 2, "source.unreachable")
    refused(Folder(tmp_path / "nowhere"), "checkpoint", 2, "source.unreachable")
    source.close()


def refused(source: Source, path: str, limit: int, code: str) -> None:
    with pytest.raises(Unavailable) as caught:
        source.get(path, limit)
    assert caught.value.code == code


def test_what_stands_below_an_address(web: Web) -> None:
    assert web.get("tile/0/000", 1000) == BODY
    assert web.get("zipped", len(BODY)) == BODY
    assert web.get("gone", 10) is None
    assert web.get("last", 1000) == BODY
    assert web.get("tile/0/000", 1000) == BODY  # on a fresh connection: the one before was closed
    assert Handler.seen[0] == "/log/tile/0/000"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("long", "source.oversized"),
        ("zipped", "source.oversized"),
        ("bomb", "source.oversized"),
        ("short", "source.unreachable"),
        ("cut-zip", "source.unreachable"),
        ("long-zip", "source.unreachable"),
        ("longer-zip", "source.unreachable"),
        ("odd", "source.unreachable"),
        ("moved", "source.unreachable"),
        ("broken", "source.unreachable"),
    ],
)
def test_what_is_wrong_is_refused(web: Web, path: str, code: str) -> None:
    limit = 1000 if path in ("short", "cut-zip", "long-zip", "longer-zip", "bomb") else 100
    refused(web, path, limit, code)
    assert web.get("fine", 1000) == BODY  # and the next question is answered


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b""])
def test_one_that_drips_is_given_up_on(head: bytes) -> None:
    """Each step is kept, a byte comes in time; what is asked for never comes."""
    ended = threading.Event()
    served = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = served.accept()
        with connection, suppress(OSError):
            connection.recv(4096)
            connection.sendall(head)
            while not ended.wait(0.02):
                connection.sendall(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    source = Web(f"http://127.0.0.1:{served.getsockname()[1]}/", timeout=5, whole=0.3)
    began = time.monotonic()
    try:
        with pytest.raises(Unavailable, match=r"not whole after 0\.3 s"):
            source.get("checkpoint", 10_000)
        assert time.monotonic() - began < 3
    finally:
        ended.set()
        thread.join()
        served.close()
        source.close()


def test_many_threads(web: Web) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda at: web.get(str(at), 1000), range(40))) == {BODY}


def test_nobody_there() -> None:
    refused(Web("http://127.0.0.1:9/", timeout=1), "checkpoint", 10, "source.unreachable")


@pytest.mark.parametrize(
    "text",
    [
        "ftp://example.com",
        "http://",
        "http://user@example.com",
        "http://h/?q",
        "http://h/#f",
        "http://h:no/",
        "http://h/ x",
    ],
)
def test_what_is_no_source(text: str) -> None:
    with pytest.raises(Refused) as caught:
        open_source(text)
    assert caught.value.code == "source.malformed"
