# SPDX-License-Identifier: Apache-2.0
"""The client's side of the Model Context Protocol, without I/O: what is said to a tool server and what its words mean.

Revision 2026-07-28 has no sessions: each request says what it needs. 2025-11-25 and earlier shake hands first. Which of
the two a server speaks is asked once. A server is a stranger: everything that it sends is bounded, and what is no
message of the protocol ends the conversation (`upstream.broken`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version as installed
from typing import Any, Final, NoReturn

import msgspec
from msgspec import Raw

from answerable.errors import Refused, Unavailable
from answerable.model.tools import Definition
from answerable.protocols.mcp.revisions import CAPABILITIES, CLIENT, VERSION, Revision
from answerable.tools import names, pins
from answerable.tools.registry import MAX_TOOLS

AUTO: Final = "auto"
# Revisions with a handshake whose tools/list and tools/call are those of 2025-11-25.
HANDSHAKES: Final = (Revision.SESSIONS.value, "2025-06-18", "2025-03-26", "2024-11-05")
MAX_PAGES: Final = 100
MAX_CURSOR: Final = 4_096
MAX_LIST: Final = 4 << 20  # bytes of all definitions: what is longer no model reads, and it costs everybody time
LIST_CHANGED: Final = "notifications/tools/list_changed"
CALL: Final = "tools/call"
LISTEN: Final = b'{"notifications":{"toolsListChanged":true}}'
_UNSUPPORTED: Final = -32022  # MCP 2026-07-28, basic, "Error Codes": the server is of that era, the version is not
_NO_METHOD: Final = -32601


class _Message(msgspec.Struct):
    jsonrpc: str
    id: int | str | None = None
    method: str | None = None
    result: Raw | msgspec.UnsetType = msgspec.UNSET
    error: Raw | msgspec.UnsetType = msgspec.UNSET


class _Error(msgspec.Struct):
    code: int
    message: str
    data: Any = None


class _Page(msgspec.Struct):
    tools: list[Raw]
    next: str | None = msgspec.field(name="nextCursor", default=None)


_message = msgspec.json.Decoder(_Message).decode
_error = msgspec.json.Decoder(_Error).decode
_page = msgspec.json.Decoder(_Page).decode
_object = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Answer:
    """To the request `id`: `result` or `error`, as the server wrote them. `body`: an object with that one member."""

    id: int
    result: bytes
    error: bytes

    @property
    def body(self) -> bytes:
        return b'{"error":%b}' % self.error if self.error else b'{"result":%b}' % self.result

    def members(self) -> dict[str, Any]:
        """Of the result. Raises Unavailable ``upstream.broken``, also where it is an error."""
        if self.error:
            broken(f"an error where a result must be ({self.code})")
        try:
            return _object(self.result)
        except (msgspec.DecodeError, RecursionError, ValueError):
            broken("a result that is no object")

    @property
    def code(self) -> int:
        """Of the error, 0 where there is none, or where it has none."""
        try:
            return _error(self.error).code if self.error else 0
        except (msgspec.DecodeError, RecursionError, ValueError):
            return 0


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification."""

    method: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of the server. We declare nothing that it could ask for: all but ``ping`` is refused."""

    reply: bytes


Ask = Callable[[str, bytes], Awaitable[Answer]]  # (method, params) -> its answer; each transport has one
Tell = Callable[[str, bytes], Awaitable[None]]


class Session:
    """version: the revision that is spoken, "" before `open_session`. changes: whether the server says that it tells of
    changes to its list."""

    def __init__(self, revision: str = AUTO) -> None:
        """revision: ``auto``, or the one that the operator names."""
        self.wanted = revision
        self.version = ""
        self.changes = False
        self._id = 0

    @property
    def stateless(self) -> bool:
        return self.version == Revision.STATELESS

    def request(self, method: str, params: bytes = b"{}") -> tuple[int, bytes]:
        """(id, the message). params: a JSON object, sent as it stands but for the `_meta` that the revision asks
        for."""
        self._id += 1
        said = _META + params[1:] if self.stateless and params == b"{}" else params
        if self.stateless and params != b"{}":
            said = _META + b"," + params[1:]
        return self._id, b'{"jsonrpc":"2.0","id":%d,"method":%b,"params":%b}' % (self._id, _encode(method), said)

    def notification(self, method: str, params: bytes = b"{}") -> bytes:
        return b'{"jsonrpc":"2.0","method":%b,"params":%b}' % (_encode(method), params)

    def take(self, data: bytes) -> Answer | Notice | Asked:
        """What one message of the server is. Raises Unavailable ``upstream.broken``."""
        try:
            message = _message(data)
        except (msgspec.DecodeError, RecursionError, ValueError):
            broken("no JSON-RPC message")
        if message.jsonrpc != "2.0":
            broken("a message of another JSON-RPC")
        answered = (message.result is not msgspec.UNSET) + (message.error is not msgspec.UNSET)
        if message.method is not None:
            if answered:
                broken("a message that asks and answers")
            if message.id is None:
                return Notice(message.method[:128])
            return Asked(_reply(message.id, message.method))
        if answered != 1 or not isinstance(message.id, int):
            broken("an answer to nothing that was asked")
        result = bytes(message.result) if isinstance(message.result, Raw) else b""
        error = bytes(message.error) if isinstance(message.error, Raw) else b""
        return Answer(message.id, result, error)


async def open_session(session: Session, ask: Ask, tell: Tell) -> None:
    """Find out what the server speaks, and shake hands where it asks for that. Raises Unavailable ``upstream.*``, of
    which ``upstream.broken`` says that there is no revision that both speak."""
    session.version, session.changes = "", False
    if session.wanted in (AUTO, Revision.STATELESS):
        session.version = Revision.STATELESS
        try:
            answer = await ask("server/discover", b"{}")
        except Refused:  # a status of HTTP without an answer of the protocol: no server of this revision
            answer = Answer(0, b"", b'{"code":0,"message":""}')
        offered = _offered(answer)
        if Revision.STATELESS in offered and not answer.error:
            session.changes = _tells(answer.members())
            return
        session.version = ""
        if session.wanted == Revision.STATELESS or (answer.code == _UNSUPPORTED and not set(offered) & set(HANDSHAKES)):
            broken("no revision of the protocol that both speak")
    first = session.wanted if session.wanted in HANDSHAKES else HANDSHAKES[0]
    answer = await ask(
        "initialize",
        _encode({"capabilities": {}, "clientInfo": _CLIENT, "protocolVersion": first}),
    )
    said = answer.members()
    if said.get("protocolVersion") not in HANDSHAKES:
        broken("no revision of the protocol that both speak")
    session.version = said["protocolVersion"]
    session.changes = _tells(said)
    await tell("notifications/initialized", b"{}")


async def list_tools(ask: Ask) -> tuple[tuple[Definition, ...], tuple[tuple[str, str], ...]]:
    """(definitions by name, (name, code) of what nobody can pin). A name that stands twice is nobody's. Raises
    Unavailable ``upstream.*``."""
    found: dict[str, Definition] = {}
    refused: dict[str, str] = {}
    cursor: str | None = None
    count = size = 0
    for _ in range(MAX_PAGES):
        answer = await ask("tools/list", b"{}" if cursor is None else _encode({"cursor": cursor}))
        page = _read_page(answer)
        count += len(page.tools)
        if count > MAX_TOOLS:
            broken(f"more than {MAX_TOOLS} tools")
        for raw in page.tools:
            size += len(bytes(raw))
            if size > MAX_LIST:
                broken(f"definitions of more than {MAX_LIST} bytes")
            _sort(raw, found, refused)
            await asyncio.sleep(0)  # others go on meanwhile
        cursor = page.next
        if not cursor:
            return tuple(found[name] for name in sorted(found)), tuple(sorted(refused.items()))
        if len(cursor) > MAX_CURSOR:
            broken("a cursor without end")
    broken("a list without end")


def error_of(data: bytes, number: int) -> bytes | None:
    """The error in a body that came with a status of refusal, where it is JSON-RPC's and not about another request."""
    try:
        message = _message(data)
        said = isinstance(message.error, Raw) and _error(message.error) is not None
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    told = isinstance(message.error, Raw) and said and message.jsonrpc == "2.0" and message.id in (None, number)
    return bytes(message.error) if told and isinstance(message.error, Raw) else None


def broken(what: str) -> NoReturn:
    raise Unavailable("upstream.broken", what=what)


def _sort(raw: Raw, found: dict[str, Definition], refused: dict[str, str]) -> None:
    try:
        body = msgspec.json.decode(raw)
        definition = pins.definition(body)
    except Refused as error:
        refused[names.printable(str(error.params.get("tool", "?")))] = error.code
        return
    except (msgspec.DecodeError, RecursionError, ValueError):
        refused["?"] = "tool.definition"
        return
    if definition.name in found or definition.name in refused:
        found.pop(definition.name, None)
        refused[definition.name] = "tool.definition"
    else:
        found[definition.name] = definition


def _read_page(answer: Answer) -> _Page:
    if answer.error:
        broken(f"no list of its tools ({answer.code})")
    try:
        return _page(answer.result)
    except (msgspec.DecodeError, RecursionError, ValueError):
        broken("no list of its tools")


def _offered(answer: Answer) -> list[str]:
    """The revisions that an answer to ``server/discover`` tells of, or the error that a version is not spoken."""
    try:
        if answer.error:
            data = _error(answer.error).data
            versions = data.get("supported") if isinstance(data, dict) else None
        else:
            versions = _object(answer.result).get("supportedVersions")
    except (msgspec.DecodeError, RecursionError, ValueError):
        return []
    return [each for each in versions if isinstance(each, str)] if isinstance(versions, list) else []


def _tells(said: dict[str, Any]) -> bool:
    capabilities = said.get("capabilities")
    tools = capabilities.get("tools") if isinstance(capabilities, dict) else None
    return isinstance(tools, dict) and tools.get("listChanged") is True


def _reply(id: int | str, method: str) -> bytes:
    if isinstance(id, str) and len(id) > 256:
        broken("an id without end")
    if method == "ping":
        return b'{"jsonrpc":"2.0","id":%b,"result":{}}' % _encode(id)
    return b'{"jsonrpc":"2.0","id":%b,"error":{"code":%d,"message":"not offered"}}' % (_encode(id), _NO_METHOD)


_CLIENT: Final = {"name": "answerable", "version": installed("answerable")}
_META: Final = b'{"_meta":' + _encode({VERSION: Revision.STATELESS.value, CLIENT: _CLIENT, CAPABILITIES: {}})
