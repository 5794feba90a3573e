# SPDX-License-Identifier: Apache-2.0
"""The headers that repeat what a message says (2026-07-28, basic/transports/streamable-http, "Request Metadata").

Whoever routes on a header and whoever acts on the body must have seen the same: where the two disagree nobody acts.
"""

from __future__ import annotations

from binascii import a2b_base64
from typing import Any, Final

import msgspec

from answerable.errors import Refused

VERSION: Final = b"mcp-protocol-version"
METHOD: Final = b"mcp-method"
NAME: Final = b"mcp-name"
SESSION: Final = b"mcp-session-id"
PARAM: Final = b"mcp-param-"
MAX_VALUE: Final = 4_096

_OPENS: Final = "=?base64?"
_CLOSES: Final = "?="


class Head(msgspec.Struct, frozen=True):
    """What a request's head says of its message. None: the header is not there; `params`: by the lower-case name that
    follows ``Mcp-Param-``. fault: what stands in one of them that no reader need understand."""

    version: str | None = None
    method: str | None = None
    name: str | None = None
    session: str | None = None
    params: dict[str, str] = {}
    fault: Refused | None = None


def read(headers: dict[bytes, bytes]) -> Head:
    """The head of a request, names in lower case; what it lacks is None."""
    try:
        return Head(
            version=_value(headers, VERSION),
            method=_value(headers, METHOD),
            name=_decoded(NAME, _value(headers, NAME)),
            session=_value(headers, SESSION),
            params={
                name[len(PARAM) :].decode("ascii"): _decoded(name, _value(headers, name)) or ""
                for name in headers
                if name.startswith(PARAM)
            },
        )
    except Refused as fault:
        return Head(fault=fault)


def text(value: Any) -> str | None:
    """How a tool's argument is written in a header; None where it is not there, or of a kind that has no header."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return value if isinstance(value, str) else None


def same(written: str, value: Any) -> bool:
    """Whether a header that holds `written` tells `value`; whole numbers are compared as numbers."""
    expected = text(value)
    if expected is None or written == expected:
        return expected is not None
    if type(value) is not int:
        return False
    try:
        return len(written) <= 32 and float(written) == value
    except ValueError:
        return False


def _value(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    if value is None:
        return None
    # RFC 9110 section 5.5: visible characters, spaces and tabs.
    if len(value) > MAX_VALUE or any(each != 9 and not 32 <= each < 127 for each in value):
        raise mismatch(name, f"at most {MAX_VALUE} visible ASCII characters")
    return value.decode("ascii").strip()


def _decoded(name: bytes, value: str | None) -> str | None:
    if value is None or not (value.startswith(_OPENS) and value.endswith(_CLOSES)):
        return value
    try:
        return a2b_base64(value[len(_OPENS) : -len(_CLOSES)].encode("ascii"), strict_mode=True).decode("utf-8")
    except ValueError:  # binascii's error and UnicodeDecodeError are ValueErrors
        raise mismatch(name, "base64 of UTF-8") from None


def mismatch(name: bytes, expected: str) -> Refused:
    """The refusal of a header that does not say what it has to."""
    return Refused("mcp.mismatch", header=name.decode("latin-1")[:64], expected=expected)
