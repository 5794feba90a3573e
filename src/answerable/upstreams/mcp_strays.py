# SPDX-License-Identifier: Apache-2.0
"""Lines of a tool server that are no messages of the protocol (MCP, stdio: "The server MUST NOT write anything to its
stdout that is not a valid MCP message"). Many a server writes a word of its own there all the same.

What such a line claims to answer has failed; the rest goes on, up to a bound. Of the line itself nothing is kept: it
may repeat what a caller said.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import msgspec

from answerable.upstreams.mcp_session import broken

MOST: Final = 100  # within `WINDOW_S`; a server that writes more speaks something else
WINDOW_S: Final = 60.0
MAX_BATCH: Final = 256  # messages of one list that are looked at
_MAX_DIGITS: Final = 18

_log = logging.getLogger("answerable.upstreams.mcp")
_json = msgspec.json.Decoder().decode


def claimed(line: bytes) -> frozenset[int]:
    """The ids of ours that a line which is no message names all the same, as number or as text, in one object or in a
    list of them."""
    try:
        value: Any = _json(line)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return frozenset()
    found = value[:MAX_BATCH] if isinstance(value, list) else [value]
    return frozenset(number for each in found if isinstance(each, dict) and (number := _number(each.get("id"))))


class Strays:
    """Counts them. total: of all children so far."""

    def __init__(self, name: str) -> None:
        self.total = 0
        self._name = name
        self._since = 0.0
        self._count = 0

    def count(self, now: float) -> None:
        """One more. now: a monotonic clock, seconds. Raises Unavailable ``upstream.broken`` for more than `MOST` within
        `WINDOW_S`."""
        if not self._count or now - self._since > WINDOW_S:
            self._since, self._count = now, 0
            _log.warning("%s writes lines that are no messages, %d before", self._name, self.total)
        self.total += 1
        self._count += 1
        if self._count > MOST:
            self._count = 0
            broken("lines that are no messages")


def _number(id: Any) -> int:
    """0 for what is no id of ours."""
    if isinstance(id, str) and id.isascii() and id.isdigit() and len(id) <= _MAX_DIGITS:
        return int(id)
    if isinstance(id, float) and id.is_integer():
        return int(id)
    return id if type(id) is int else 0
