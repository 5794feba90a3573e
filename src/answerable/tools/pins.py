# SPDX-License-Identifier: Apache-2.0
"""What a pin is: the SHA-256 of a tool's whole definition as RFC 8785 canonical JSON (`docs/spec/tool-registry.md`).

Every member counts, known or not: name, title, description, schemas, annotations, icons, whatever a later revision
adds. A server that changes a word of what a model will read has another tool.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import msgspec

from answerable.crypto import jcs
from answerable.crypto.canonical import MAX_DEPTH, MAX_INTEGER
from answerable.errors import Refused, VerificationError
from answerable.model.tools import Definition
from answerable.tools import names

PREFIX: Final = "sha256:"
# A definition is read by every model that is shown the tool; one of a larger size is no description.
MAX_DEFINITION: Final = 65_536

# What people do not see and models read: marks that reorder text, tags, zero-width spaces, controls. Joiners stay:
# scripts and emoji need them.
_HIDDEN: Final = frozenset(
    [*range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0xAD, 0x061C, 0x180E, 0x200B, 0x200E,
     0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC)]
)  # fmt: skip
_TAGS: Final = range(0xE0000, 0xE1000)
_PRIVATE: Final = (range(0xE000, 0xF900), range(0xF0000, 0x110000))


def definition(body: Any) -> Definition:
    """A tool as a server lists it. Raises Refused ``tool.name`` for a name that MCP does not allow,
    ``tool.definition`` for what is no JSON object with an object as its input schema, is larger than 65,536 bytes, is
    nested too deep, or holds characters that nobody sees."""
    if not isinstance(body, dict):
        raise Refused("tool.definition", tool="?", detail="not an object")
    name = body.get("name")
    if not isinstance(name, str) or not names.fits(name):
        raise Refused("tool.name", tool=names.printable(name) if isinstance(name, str) else "?")
    try:
        canonical = jcs.dumps(_readable(body, 0))
    except (VerificationError, RecursionError) as error:
        detail = str(error.params.get("detail")) if isinstance(error, VerificationError) else "nested too deep"
        raise Refused("tool.definition", tool=name, detail=detail) from None
    if len(canonical) > MAX_DEFINITION:
        raise Refused("tool.definition", tool=name, detail=f"larger than {MAX_DEFINITION} bytes")
    said: dict[str, Any] = msgspec.json.decode(canonical)
    schema = said.get("inputSchema")
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise Refused("tool.definition", tool=name, detail="an input schema that is not an object's")
    return Definition(name, PREFIX + sha256(canonical).hexdigest(), canonical, said)


def hidden(text: str) -> bool:
    """Whether the text has characters that nobody sees."""
    return not text.isprintable() and any(
        (point := ord(char)) in _HIDDEN or point in _TAGS or any(point in area for area in _PRIVATE) for char in text
    )


def is_pin(text: str) -> bool:
    """Whether the text has the form of a pin."""
    digits = text.removeprefix(PREFIX)
    return len(text) == len(PREFIX) + 64 and len(digits) == 64 and not set(digits) - set("0123456789abcdef")


def _readable(value: Any, depth: int) -> Any:
    """The value, integers beyond 2**53 as the double that RFC 8785 says they are: schemas name the largest 64-bit
    integer. Raises VerificationError ``log.encoding``."""
    if isinstance(value, str):
        if hidden(value):
            raise VerificationError("log.encoding", detail="characters that nobody sees")
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > MAX_INTEGER:
        if abs(value) >= 2**1023:
            raise VerificationError("log.encoding", detail="a number that no double holds")
        return jcs.Double(value)
    if depth > MAX_DEPTH:
        raise VerificationError("log.encoding", detail="nested too deep")
    if isinstance(value, dict):
        return {_readable(key, depth): _readable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_readable(item, depth + 1) for item in value]
    return value
