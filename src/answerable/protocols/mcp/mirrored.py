# SPDX-License-Identifier: Apache-2.0
"""Arguments that stand in headers too (2026-07-28, server/tools, "x-mcp-header")."""

from __future__ import annotations

import re
from typing import Any, Final

from answerable.protocols.mcp.head import mismatch, same, text

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}")
_KINDS: Final = frozenset({"integer", "string", "boolean"})
_MAX: Final = 64

# (what follows ``Mcp-Param-``, in lower case; the names that lead to the argument)
Mirrored = tuple[tuple[str, tuple[str, ...]], ...]


def mirrored(schema: dict[str, Any]) -> Mirrored:
    """Which arguments a tool's `inputSchema` wants in headers. Raises ValueError for a schema that breaks a rule of
    it: clients do not show such a tool."""
    found: dict[str, tuple[str, ...]] = {}
    level: list[tuple[dict[str, Any], tuple[str, ...]]] = [(schema, ())]
    while level:
        below: list[tuple[dict[str, Any], tuple[str, ...]]] = []
        for each, path in level:
            properties = each.get("properties")
            for name, part in properties.items() if isinstance(properties, dict) else ():
                if not isinstance(part, dict):
                    continue
                if "x-mcp-header" in part:
                    header, kind = part["x-mcp-header"], part.get("type")
                    if type(header) is not str or _TOKEN.fullmatch(header) is None:
                        raise ValueError("an x-mcp-header that is none")
                    if type(kind) is not str or kind not in _KINDS:  # a list of types is valid JSON Schema
                        raise ValueError("an x-mcp-header that is none")
                    if header.lower() in found or len(found) >= _MAX:
                        raise ValueError("an x-mcp-header that stands twice")
                    found[header.lower()] = (*path, name)
                if len(path) < _MAX:
                    below.append((part, (*path, name)))
        level = below
    return tuple(found.items())


def written(which: Mirrored, arguments: dict[str, Any]) -> dict[str, str]:
    """Header by header, what `arguments` say there."""
    values = {header: text(_at(arguments, path)) for header, path in which}
    return {header: value for header, value in values.items() if value is not None}


def check(which: Mirrored, arguments: dict[str, Any], params: dict[str, str]) -> None:
    """Raises Refused ``mcp.mismatch`` unless the headers say what the arguments do, no more and no less."""
    for header, path in which:
        value = _at(arguments, path)
        told = params.get(header)
        expected = text(value)
        if (told is None) != (expected is None) or (told is not None and not same(told, value)):
            raise mismatch(b"mcp-param-" + header.encode("ascii"), "the argument that it repeats")


def _at(arguments: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(arguments, dict):
            return None
        arguments = arguments.get(name)
    return arguments
