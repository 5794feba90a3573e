# SPDX-License-Identifier: Apache-2.0
"""One module for each first word of a code; each holds `ENTRIES`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from answerable.errors.catalogue import Entry

# Listed rather than discovered, so that a zip import and a frozen build see the same codes.
PREFIXES: Final = (
    "action",
    "admin",
    "audit",
    "budget",
    "bus",
    "call",
    "clock",
    "config",
    "format",
    "guard",
    "device",
    "drill",
    "envelope",
    "handle",
    "hold",
    "incident",
    "internal",
    "label",
    "log",
    "mcp",
    "model",
    "monitor",
    "node",
    "officer",
    "order",
    "party",
    "policy",
    "privacy",
    "pulse",
    "rate",
    "rebuild",
    "recover",
    "receipt",
    "redline",
    "relay",
    "request",
    "source",
    "stop",
    "store",
    "system",
    "tool",
    "upstream",
    "warrant",
    "witness",
)

ALL: Final[dict[str, dict[str, Entry]]] = {
    prefix: import_module(f"answerable.errors.codes.{prefix}").ENTRIES for prefix in PREFIXES
}
