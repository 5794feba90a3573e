# SPDX-License-Identifier: Apache-2.0
"""An answer of a tool server, taken whole before it goes on, and what a call to one carries."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from answerable.errors import Refused


class Whole:
    """`ports.Reply` over an answer that is there."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def read(self) -> bytes:
        data, self._data = self._data, b""
        return data

    def close(self) -> None:
        self._data = b""


class Call(msgspec.Struct, forbid_unknown_fields=True):
    """What `ports.ToolServer.call` is given. arguments: the bytes that are judged, and sent."""

    arguments: Raw
    name: str


_call = msgspec.json.Decoder(Call).decode


def read_call(body: bytes) -> Call:
    """Raises Refused ``tool.malformed``."""
    try:
        return _call(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise Refused("tool.malformed", detail="not a tool's name and its arguments") from None
