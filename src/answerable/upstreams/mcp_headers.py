# SPDX-License-Identifier: Apache-2.0
"""What a tool server's client must repeat of a call in headers (MCP 2026-07-28, basic/transports/streamable-http,
"Standard Request Headers" and "Custom Headers from Tool Parameters").

They are made from the bytes that are sent, never from what the caller wrote in headers of its own.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any, Final

from answerable.errors import Refused
from answerable.model.tools import Definition

MARK: Final = "x-mcp-header"
PREFIX: Final = "mcp-param-"
MAX_MIRRORS: Final = 16
MAX_VALUE: Final = 4_096  # characters of one value: servers refuse heads that are longer
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}\Z")  # RFC 9110, section 5.1
_PLAIN: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?\Z")
_BEFORE: Final = "=?base64?"
_AFTER: Final = "?="
_PRIMITIVE: Final = frozenset({"integer", "string", "boolean"})

Mirrors = tuple[tuple[tuple[str, ...], str], ...]  # (path to the argument, name of its header)


def mirrors(definition: Definition) -> Mirrors:
    """Raises Refused ``tool.definition`` where the schema marks what must not be marked."""
    found: list[tuple[tuple[str, ...], str]] = []
    schema = definition.input_schema
    _walk(schema, (), found, definition.name)
    marked = _count(schema)
    named = [name.lower() for _, name in found]
    if marked != len(found) or len(set(named)) != len(named) or len(found) > MAX_MIRRORS:
        _refuse(definition.name)
    return tuple(found)


def values(mirrored: Mirrors, arguments: Any) -> tuple[tuple[str, str], ...]:
    """The headers of one call. Raises Refused ``tool.envelope`` for a value that no header can hold."""
    made: list[tuple[str, str]] = []
    for path, name in mirrored:
        value = arguments
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            continue
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, int | str):
            text = str(value)
        else:
            raise Refused("tool.envelope", tool=name, at="/" + "/".join(path))
        if len(text) > MAX_VALUE:
            raise Refused("tool.envelope", tool=name, at="/" + "/".join(path))
        made.append((PREFIX + name.lower(), encoded(text)))
    return tuple(made)


def encoded(text: str) -> str:
    """As a header can hold it: in Base64 where it is not plain."""
    if _PLAIN.match(text) and not (text.startswith(_BEFORE) and text.endswith(_AFTER)):
        return text
    return _BEFORE + b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii") + _AFTER


def _walk(schema: Any, path: tuple[str, ...], found: list[tuple[tuple[str, ...], str]], tool: str) -> None:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return
    for key, inner in properties.items():
        if not isinstance(inner, dict):
            continue
        here = (*path, key)
        if MARK in inner:
            name, kind = inner[MARK], inner.get("type")  # a type may be a list: of no use in a set
            if not isinstance(name, str) or not _TOKEN.match(name) or type(kind) is not str or kind not in _PRIMITIVE:
                _refuse(tool)
            found.append((here, name))
        _walk(inner, here, found, tool)


def _count(value: Any, *, names: bool = False) -> int:
    """How often a schema is marked anywhere, and be it where it must not. names: the keys are arguments' names."""
    if isinstance(value, dict):
        mine = int(MARK in value and not names)
        return mine + sum(_count(item, names=key == "properties" and not names) for key, item in value.items())
    return sum(_count(item) for item in value) if isinstance(value, list) else 0


def _refuse(tool: str) -> None:
    raise Refused("tool.definition", tool=tool, detail="x-mcp-header where it must not stand")
