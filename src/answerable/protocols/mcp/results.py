# SPDX-License-Identifier: Apache-2.0
"""What a tool server answers to a call, read strictly: nothing of it is trusted, all of it is seen.

Every text of a result, names of members included, is what detectors look at; what is no text (pictures, sound, files)
stands where the specification puts it and nowhere else (server/tools, "Tool Result").
"""

from __future__ import annotations

from typing import Any, Final

from answerable.errors import AnswerableError, Unavailable
from answerable.model.actions import Bearing, Chunk
from answerable.model.media import Coding, Medium
from answerable.protocols.mcp import strict
from answerable.protocols.mcp.revisions import OURS, RESERVED, UPSTREAM

# Of one answer: it is held whole, and kept for the call that is made again.
MAX_ANSWER: Final = 16 * 1024 * 1024
MAX_BLOCKS: Final = 1_024
# What is repeated of a server's own error.
MAX_MESSAGE: Final = 4_096

COMPLETE: Final = "complete"
_FILES: Final = frozenset({"data", "blob"})
_REPLY: Final = frozenset({"jsonrpc", "id", "result", "error"})


def broken(what: str) -> Unavailable:
    """The error for what is no answer. what: a term, never the server's own words."""
    return Unavailable("upstream.broken", what=what)


class Decoder:
    """`ports.Decoder` of one call's answer: one piece, at its end."""

    __slots__ = ("_parts", "_size")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[Chunk]:
        """Raises Unavailable ``upstream.oversized``."""
        self._size += len(data)
        if self._size > MAX_ANSWER:
            raise Unavailable("upstream.oversized", limit=MAX_ANSWER)
        self._parts.append(data)
        return []

    def end(self) -> list[Chunk]:
        """Raises Unavailable ``upstream.truncated`` for nothing at all, ``upstream.broken`` for what is no answer."""
        if not self._size:
            raise Unavailable("upstream.truncated")
        chunk = piece(result(b"".join(self._parts)))
        self._parts.clear()
        return [chunk]


def result(reply: bytes) -> dict[str, Any]:
    """The result object in `reply`: ``{"result": …}``, or made of ``{"error": …}``, for a server's own error is an
    answer too, which people and models read. Raises Unavailable ``upstream.broken``."""
    try:
        members = strict.load(reply, exact=False)
    except AnswerableError as error:
        raise broken(str(error.params.get("detail", "too complex"))) from None
    if not members.keys() <= _REPLY or ("result" in members) == ("error" in members):
        raise broken("neither a result nor an error")
    if "error" in members:
        return _failed(members["error"])
    found = members["result"]
    if type(found) is not dict:
        raise broken("a result that is no object")
    # We say of ourselves that we can ask nobody anything: a server that wants input has not read it.
    if found.pop("resultType", COMPLETE) != COMPLETE or "task" in found:
        raise broken("a call that is not complete")
    meta = found.get("_meta", {})
    if type(meta) is not dict or type(found.get("isError", False)) is not bool:
        raise broken("a member of another kind")
    # What the protocol and we say about an answer no server says in our place; its own label is never taken off.
    found["_meta"] = {name: value for name, value in meta.items() if not name.startswith(RESERVED)}
    if foreign := {name: value for name, value in meta.items() if name.startswith(OURS)}:
        found["_meta"][UPSTREAM] = foreign
    return found


def _failed(error: Any) -> dict[str, Any]:
    if type(error) is not dict or type(error.get("code")) is not int or type(error.get("message")) is not str:
        raise broken("an error that is none")
    said = f"{error['code']}: {error['message'][:MAX_MESSAGE]}"
    return {"content": [{"type": "text", "text": said}], "isError": True, "_meta": {}}


def piece(body: dict[str, Any]) -> Chunk:
    """The one piece of an answer. Raises Unavailable ``upstream.broken`` for blocks that nobody knows."""
    blocks = body.setdefault("content", [])
    if type(blocks) is not list or len(blocks) > MAX_BLOCKS:
        raise broken("content that is no list of blocks")
    media: list[Medium] = []
    files: set[int] = set()
    for block in blocks:
        if type(block) is not dict:
            raise broken("a block that is no object")
        _look(block, media, files)
    chunk = Chunk(body, _texts(body, files), last=True)
    return Bearing(chunk, media) if media else chunk


def _look(block: dict[str, Any], media: list[Medium], files: set[int]) -> None:
    """The files in one block. files: gets the id of the object that holds each."""
    kind = block.get("type")
    if kind == "text":
        if type(block.get("text")) is not str:
            raise broken("a text that is none")
    elif kind in ("image", "audio"):
        if type(block.get("data")) is not str or not block["data"]:
            raise broken("a picture or a sound without data")
        media.append(Medium(block, "data", Coding.BASE64, must=True, wanted=f"{kind}/"))
        files.add(id(block))
    elif kind == "resource":
        resource = block.get("resource")
        if type(resource) is not dict or (type(resource.get("text")) is str) == (type(resource.get("blob")) is str):
            raise broken("a resource that is none")
        if "blob" in resource:
            media.append(Medium(resource, "blob", Coding.BASE64))
            files.add(id(resource))
    elif kind != "resource_link":
        raise broken("a block of an unknown kind")


def _texts(body: dict[str, Any], files: set[int]) -> str:
    """Every text of a result, each on a line of its own, but the files in it. files: ids of the objects that hold
    them."""
    found: list[str] = []
    stack: list[Any] = [body]
    while stack:
        each = stack.pop()
        if type(each) is str:
            found.append(each)
        elif type(each) is dict:
            for name, value in each.items():
                found.append(name)
                if name not in _FILES or id(each) not in files:
                    stack.append(value)
        elif type(each) is list:
            stack.extend(each)
    found.reverse()
    return "\n".join(found)
