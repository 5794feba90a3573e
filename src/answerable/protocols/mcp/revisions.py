# SPDX-License-Identifier: Apache-2.0
"""The revisions of the protocol that are spoken here, and what differs between them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Revision(StrEnum):
    SESSIONS = "2025-11-25"  # a handshake, then sessions
    STATELESS = "2026-07-28"  # each request says by itself which revision it is of and what its client can


# Newest first: what a client that asks for another one is offered.
SUPPORTED: Final = (Revision.STATELESS, Revision.SESSIONS)

# Members of `_meta` that the protocol reserves.
VERSION: Final = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES: Final = "io.modelcontextprotocol/clientCapabilities"
CLIENT: Final = "io.modelcontextprotocol/clientInfo"
SERVER: Final = "io.modelcontextprotocol/serverInfo"

# Ours: the record id of the action, and the label of what was made (`docs/spec/mcp.md`).
RECORD: Final = "answerable/record"
AIGC: Final = "answerable/aigc"
EXPLICIT: Final = "answerable/explicit"
NOTICE: Final = "answerable/notice"
UPSTREAM: Final = "answerable/upstream"  # what a server said under our names
AGAIN: Final = "answerable/idempotency-key"  # of a request: the caller's own key for a wanted second call
HOLD: Final = "answerable/hold"
ERROR: Final = "answerable/error"
# Beginnings of names in `_meta` that no server may set of itself.
OURS: Final = "answerable/"
RESERVED: Final = (OURS, "io.modelcontextprotocol/")
