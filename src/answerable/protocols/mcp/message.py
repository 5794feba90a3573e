# SPDX-License-Identifier: Apache-2.0
"""One message of a client (JSON-RPC 2.0, as MCP narrows it): strict, and judged against its head.

What is wrong with a message travels on as its fault, so that it is refused only when it is known whose it is, and
recorded. No batches: each message is a request of its own, with its own record.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from answerable.errors import Refused
from answerable.protocols.mcp import head
from answerable.protocols.mcp.head import Head, mismatch
from answerable.protocols.mcp.revisions import CAPABILITIES, SUPPORTED, VERSION, Revision
from answerable.protocols.mcp.strict import load

CALL: Final = "tools/call"
LIST: Final = "tools/list"
INITIALIZE: Final = "initialize"
INITIALIZED: Final = "notifications/initialized"
CANCELLED: Final = "notifications/cancelled"
DISCOVER: Final = "server/discover"
PING: Final = "ping"

MAX_ID: Final = 256  # characters
MAX_METHOD: Final = 128
MAX_INTEGER: Final = 2**53 - 1
# The names that MCP asks for, and no others: letters that look like these are other letters.
NAME: Final = re.compile(r"[A-Za-z0-9_.\-]{1,128}")

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Id = str | int

_MEMBERS: Final = frozenset({"jsonrpc", "id", "method", "params"})
_ANSWER: Final = frozenset({"jsonrpc", "id", "result", "error"})
# Of each method what its parameters may hold. `task` is taken and passed over, as a server without tasks has to.
_PARAMS: Final = {
    Revision.SESSIONS: {
        CALL: frozenset({"name", "arguments", "task", "_meta"}),
        LIST: frozenset({"cursor", "_meta"}),
        INITIALIZE: frozenset({"protocolVersion", "capabilities", "clientInfo", "_meta"}),
        PING: frozenset({"_meta"}),
    },
    Revision.STATELESS: {
        CALL: frozenset({"name", "arguments", "inputResponses", "requestState", "_meta"}),
        LIST: frozenset({"cursor", "_meta"}),
        DISCOVER: frozenset({"_meta"}),
    },
}


class Message(msgspec.Struct):
    """A message as far as it was understood.

    id: None of a notification, and where it could not be read. method: "" of an answer to a request of ours, which is
    `answer`. params: without `_meta`. meta: of its parameters. fault: what is wrong with it.
    """

    revision: Revision = Revision.STATELESS
    id: Id | None = None
    method: str = ""
    params: dict[str, Any] = {}
    meta: dict[str, Any] = {}
    answer: dict[str, Any] | None = None
    fault: Refused | None = None

    @property
    def offered(self) -> bool:
        """Whether its method is one of those that this revision has here."""
        return self.method in _PARAMS[self.revision]

    @property
    def notifies(self) -> bool:
        return self.id is None and self.answer is None

    @property
    def name(self) -> str:
        """Of the tool that is called, "" where none is, or where the message is faulty."""
        return self.params["name"] if self.method == CALL and self.fault is None else ""

    @property
    def arguments(self) -> dict[str, Any]:
        return self.params.get("arguments") or {}


def read(body: bytes, head: Head) -> Message:
    """The message in `body`. What is wrong with it stands in `fault`: ``request.malformed|too_complex``,
    ``mcp.message``, ``mcp.params``, ``mcp.version``, ``mcp.mismatch``."""
    message = Message(_told(head))
    try:
        if body.lstrip(b" \t\r\n")[:1] == b"[":
            raise Refused("mcp.message", detail="a batch")
        _fill(message, load(body), head)
    except Refused as fault:
        message.fault = fault
    return message


def _told(head: Head) -> Revision:
    """Of the head alone, for what cannot be read further. A head that is silent is of a client that shakes hands."""
    return Revision.STATELESS if head.version == Revision.STATELESS else Revision.SESSIONS


def _fill(message: Message, members: dict[str, Any], head: Head) -> None:
    # The id first, so that what is refused after it is answered under it.
    if "id" in members:
        message.id = _id(members["id"])
    if members.get("jsonrpc") != "2.0":
        raise Refused("mcp.message", detail="jsonrpc is not 2.0")
    if head.fault is not None:
        raise head.fault
    if "method" not in members:
        _answer(message, members, head)
        return
    _only(members, _MEMBERS, "the message")
    method = members["method"]
    if type(method) is not str or not 0 < len(method) <= MAX_METHOD:
        raise Refused("mcp.message", detail="a method that is no short text")
    message.method = method
    params = members.get("params", {})
    if type(params) is not dict:
        raise Refused("mcp.params", param="params", expected="an object")
    meta = params.get("_meta", {})
    if type(meta) is not dict:
        raise Refused("mcp.params", param="params._meta", expected="an object")
    message.meta = meta
    message.params = {name: value for name, value in params.items() if name != "_meta"} if "_meta" in params else params
    message.revision = _revision(message, head)
    _agree(message, head)
    if message.id is not None and (known := _PARAMS[message.revision].get(method)) is not None:
        _only(params, known, "params")
        if method == CALL:
            _call(message, head)


def _revision(message: Message, head: Head) -> Revision:
    said, told = message.meta.get(VERSION), head.version
    if message.method == INITIALIZE and told != Revision.STATELESS:
        return Revision.SESSIONS
    if told is None:
        if said is not None:
            raise mismatch(b"mcp-protocol-version", "the revision that the message is of")
        raise Refused("mcp.version", requested="2025-03-26", supported=", ".join(SUPPORTED))
    try:
        revision = Revision(told)
    except ValueError:
        requested = told if _DATE.fullmatch(told) else "?"
        raise Refused("mcp.version", requested=requested, supported=", ".join(SUPPORTED)) from None
    if revision is Revision.SESSIONS:
        if said is not None and said != told:
            raise mismatch(b"mcp-protocol-version", "the revision that the message is of")
    elif message.id is not None:
        if said is None:
            raise Refused("mcp.params", param=f"params._meta.{VERSION}", expected="there")
        if said != told:
            raise mismatch(b"mcp-protocol-version", "the revision that the message is of")
        if type(message.meta.get(CAPABILITIES)) is not dict:
            raise Refused("mcp.params", param=f"params._meta.{CAPABILITIES}", expected="an object")
    return revision


def _agree(message: Message, told: Head) -> None:
    """The method and the name, wherever they stand in the head too; of the stateless revision they have to."""
    must = message.revision is Revision.STATELESS and message.id is not None
    if (must or told.method is not None) and told.method != message.method:
        raise mismatch(head.METHOD, "the message's method")
    if message.method == CALL and (must or told.name is not None) and told.name != message.params.get("name"):
        raise mismatch(head.NAME, "the name of the tool that is called")


def _call(message: Message, head: Head) -> None:
    params = message.params
    name = params.get("name")
    if type(name) is not str or NAME.fullmatch(name) is None:
        # Cleared, so that nobody acts on it: it may look like another's.
        message.params = {}
        raise Refused("mcp.params", param="params.name", expected="1 to 128 of A-Z a-z 0-9 _ - .")
    if params.get("arguments") is not None and type(params["arguments"]) is not dict:
        raise Refused("mcp.params", param="params.arguments", expected="an object")
    if type(params.get("inputResponses", {})) is not dict:
        raise Refused("mcp.params", param="params.inputResponses", expected="an object")
    if type(params.get("requestState", "")) is not str:
        raise Refused("mcp.params", param="params.requestState", expected="a text")


def _answer(message: Message, members: dict[str, Any], head: Head) -> None:
    """An answer to what we asked within another request's answer: sessions alone have those."""
    message.revision = _told(head)
    if message.revision is Revision.STATELESS:
        raise Refused("mcp.message", detail="an answer, where nothing was asked")
    _only(members, _ANSWER, "the message")
    result = members.get("result")
    if message.id is None or ("result" in members) == ("error" in members):
        raise Refused("mcp.message", detail="neither a request nor an answer")
    if "result" in members and type(result) is not dict:
        raise Refused("mcp.message", detail="a result that is no object")
    message.answer = result if type(result) is dict else {}


def _id(value: Any) -> Id:
    if type(value) is str and len(value) <= MAX_ID:
        return value
    if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER:
        return value
    raise Refused("mcp.message", detail="an id that is no short text and no whole number")


def _only(members: dict[str, Any], known: frozenset[str], where: str) -> None:
    if not members.keys() <= known:
        # The strange name itself is a stranger's text: what is known is told in its place.
        raise Refused("mcp.params", param=where, expected=f"an object of {', '.join(sorted(known))} alone")
