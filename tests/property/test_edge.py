# SPDX-License-Identifier: Apache-2.0
"""Whatever comes in from outside is understood or refused with an error of ours; nothing else is raised."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.gateway.front import Front, credential
from answerable.model.terms import DataClass
from answerable.model.warrants import Peer
from answerable.net.connection import Connection, Phase
from answerable.net.endpoint import Endpoint, parse
from answerable.net.limits import Limits
from answerable.upstreams import possession
from answerable.upstreams.embedding import Wrong
from answerable.upstreams.embedding import parse as parse_embedding
from answerable.upstreams.openai_compatible import failure

FRONT = Front((), (), DataClass.OPEN)
KEY = Key.generate()
HEADERS = st.sampled_from(
    [b"host", b"origin", b"authorization", b"content-encoding", b"answerable-world", b"answerable-data-class",
     b"answerable-criticality", b"answerable-principal", b"answerable-hold", b"accept"]
)  # fmt: skip
HTTP = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(
            [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n", b"HTTP/1.0 500 X\r\n", b"content-length: 5\r\n",
             b"content-length: 99999999999999999999\r\n", b"transfer-encoding: chunked\r\n", b"\r\n", b"5\r\nhello\r\n",
             b"0\r\n\r\n", b"hello", b"\x00", b"keep-alive: timeout=-1\r\n", b"keep-alive: timeout=9999999999\r\n"]
        ),
        max_size=12,
    ).map(b"".join),
)  # fmt: skip


@given(st.one_of(st.text(), st.from_regex(r"(http|https|unix)://[^ ]*", fullmatch=True)))
def test_addresses(url: str) -> None:
    try:
        endpoint = parse(url)
    except Refused:
        return
    assert isinstance(endpoint, Endpoint)
    assert endpoint.socket or endpoint.host
    assert "\r" not in endpoint.authority + endpoint.path


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=60)), max_size=6))
def test_heads(headers: list[tuple[bytes, bytes]]) -> None:
    request: Any = SimpleNamespace(headers=headers, connection=SimpleNamespace(peer=Peer("127.0.0.1")))
    try:
        found = FRONT.headers(request)
        FRONT.check(found)
    except Refused:
        return
    said = FRONT.said(found)
    assert said.fault is None or said.fault.code.startswith("request.")
    assert credential(request, found).value.isascii()


class Wire(asyncio.Transport):
    """A transport that goes nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def write(self, data: object) -> None: ...

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def answered(pieces: list[bytes]) -> tuple[Connection, bytes, AnswerableError | None]:
    connection = Connection(asyncio.get_running_loop(), Limits(), "m", lambda _: None)
    wire = Wire()
    connection.connection_made(wire)
    connection.request(b"x")
    for piece in pieces:
        if not wire.closed:
            connection.data_received(piece)
    connection.connection_lost(None)
    body = b""
    try:
        await connection.head()
        while piece := await connection.read():
            body += piece
    except AnswerableError as error:
        return connection, body, error
    return connection, body, None


@settings(max_examples=300)
@given(HTTP, st.lists(st.integers(0, 300), max_size=4))
def test_answers_however_they_are_cut(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in pairwise(places)]
    connection, body, error = asyncio.run(answered(pieces))
    assert error is None or error.code.startswith("upstream.")
    assert not connection.usable
    if error is None:
        assert connection.phase is Phase.DONE
        assert len(body) <= len(data)


@given(st.binary(max_size=200), st.integers(300, 599))
def test_error_answers(body: bytes, status: int) -> None:
    error = failure(status, body, "m")
    assert isinstance(error, Refused | Unavailable)
    assert error.code.startswith("upstream.")


@given(st.one_of(st.binary(max_size=100), st.text(max_size=60).map(lambda t: b'{"challenge":"' + t.encode() + b'"}')))
def test_challenges(body: bytes) -> None:
    with contextlib.suppress(VerificationError):
        possession.answer(body, KEY)


@given(st.binary(max_size=200))
def test_embedding_requests(body: bytes) -> None:
    try:
        texts, _ = parse_embedding(body, 384)
    except Wrong:
        return
    assert texts
