# SPDX-License-Identifier: Apache-2.0
"""What tool servers send, and what is said of tools: messages, lists, definitions, envelopes, attestations."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import msgspec

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError
from answerable.model.records import PartyKey
from answerable.model.tools import Bound
from answerable.net.sse import Parser
from answerable.policy.worlds import floor
from answerable.tools import attestations, envelopes, pins, pointers, propose
from answerable.upstreams import mcp_headers, mcp_reply, mcp_strays
from answerable.upstreams.mcp_session import Answer, Session, error_of, list_tools, open_session

_KEY: Final = PartyKey(rid="k", party="p", key=b64u(Key.from_seed(b"fuzz" * 8).public), use="party", since=0)
_BOUNDS: Final = (
    Bound(at="/a", least="-1", most="1"),
    Bound(at="/b/*/c", one_of=("x",)),
    Bound(at="/b", longest=2, optional=True),
)


def messages(data: bytes) -> None:
    """Each line as a message of a server over stdio, each event as one over HTTP."""
    session = Session()
    for line in data.split(b"\n"):
        with contextlib.suppress(AnswerableError):
            session.take(line)
        error_of(line, 1)
        assert all(type(number) is int and number for number in mcp_strays.claimed(line))
    with contextlib.suppress(AnswerableError):
        for event in Parser(4_096).feed(data):
            session.take(event.data)


def lists(data: bytes) -> None:
    """The bytes as the answer to whatever is asked; what is listed is proposed for a class."""

    async def ask(method: str, params: bytes) -> Answer:
        return Answer(1, b"" if data[:1] == b"e" else data, data[1:] if data[:1] == b"e" else b"")

    async def tell(method: str, params: bytes) -> None:
        return

    async def both() -> None:
        with contextlib.suppress(AnswerableError):
            await open_session(Session(), ask, tell)
        found, _ = await list_tools(ask)
        for definition in found:
            propose.propose(definition, floor)

    asyncio.run(both())


def definition(data: bytes) -> None:
    """A definition that is pinned has the same pin when it is read again."""
    try:
        body = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return
    made = pins.definition({"name": "t", "inputSchema": {"type": "object"}, "x": body})
    if pins.definition(msgspec.json.decode(made.canonical)).pin != made.pin:
        raise ValueError("another pin for the same definition")
    whole = pins.definition(body)
    propose.propose(whole, floor)
    mcp_headers.mirrors(whole)


def arguments(data: bytes) -> None:
    with contextlib.suppress(AnswerableError):
        mcp_reply.read_call(data)
    pointers.decimal(data.decode("utf-8", "replace"))
    mcp_headers.encoded(data.decode("utf-8", "surrogateescape"))
    with contextlib.suppress(AnswerableError):
        pointers.segments(data.decode("utf-8", "replace"))
    try:
        body = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return
    if isinstance(body, dict):
        envelopes.breach(_BOUNDS, body)


def attested(data: bytes) -> None:
    attestations.read(data, [_KEY])


TOOL_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {
    "tools.messages": messages,
    "tools.lists": lists,
    "tools.definition": definition,
    "tools.arguments": arguments,
    "tools.attested": attested,
}
