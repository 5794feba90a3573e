# SPDX-License-Identifier: Apache-2.0
"""The exact call that people approve, as bytes: who asks, on whose behalf, of which server and tool, with which
arguments (RFC 8785). What a leaf holds of it is a commitment under a salt (`docs/spec/approval.md`), so that nobody
tests guesses of an amount or a name against the log."""

from __future__ import annotations

import json
from typing import Any, Final

from answerable.crypto import jcs
from answerable.crypto.b64 import unb64u
from answerable.crypto.canonical import MAX_INTEGER
from answerable.crypto.sealing import keyed
from answerable.errors import Refused, VerificationError
from answerable.log.commitment import commit
from answerable.model.holds import Asked
from answerable.model.terms import Act

GROUP: Final = "call"
MEMBERS: Final = frozenset({"act", "arguments", "caller", "copy", "principal", "server", "tool"})
_TAG: Final = b"answerable/held/v1\x00"
_DIGITS: Final = 20  # an integer of fewer is read at once


def body(asked: Asked) -> bytes:
    """The canonical payload. Raises VerificationError ``log.encoding`` for a call that is not JSON."""
    try:
        arguments: Any = _loads(asked.call)
    except (ValueError, RecursionError):
        raise VerificationError("log.encoding", detail="not JSON") from None
    return jcs.dumps(
        {
            "act": asked.act.value,
            "arguments": arguments,
            "caller": asked.caller,
            "copy": asked.copy,
            "principal": asked.principal,
            "server": asked.server,
            "tool": asked.tool,
        }
    )


def read(data: bytes) -> dict[str, Any]:
    """The members of such a payload. Raises VerificationError ``log.encoding`` for bytes that `body` does not write."""
    try:
        value: Any = _loads(data)
    except (ValueError, RecursionError):
        raise VerificationError("log.encoding", detail="not JSON") from None
    if not isinstance(value, dict) or value.keys() != MEMBERS or jcs.dumps(value) != data:
        raise VerificationError("log.encoding", detail="not an exact call")
    return value


def with_arguments(data: bytes, arguments: Any) -> bytes:
    """The same call with other arguments. Raises VerificationError ``log.encoding``, Refused ``hold.malformed`` for
    arguments that are no JSON object."""
    members = read(data)
    if not isinstance(arguments, dict):
        raise Refused("hold.malformed", detail="arguments that are not a JSON object")
    return jcs.dumps({**members, "arguments": arguments})


def request(data: bytes) -> bytes:
    """What would run, as the path takes it: of a tool call ``{"arguments", "name"}``, else the whole request."""
    members = read(data)
    if members["act"] == Act.TOOL_CALL.value:
        return jcs.dumps({"arguments": members["arguments"], "name": members["tool"]})
    return jcs.dumps(members["arguments"])


def _loads(data: bytes) -> Any:
    return json.loads(data, parse_int=_number)


def _number(text: str) -> int | float:
    """As RFC 8785 has numbers: beyond 2**53 they are doubles, however they are written."""
    value = int(text) if len(text) < _DIGITS else float(text)
    return value if -MAX_INTEGER <= value <= MAX_INTEGER else float(text)


def digest(salt: bytes, data: bytes) -> str:
    """The `dig` of a leaf: the commitment to the exact call, 64 characters of hex. salt: 32 bytes."""
    return unb64u(commit(GROUP, salt, data)).hex()


def tag(data: bytes, key: bytes) -> str:
    """By which the same call finds its hold: 64 characters of hex. key: 32 bytes, the store's index key."""
    return keyed(key, _TAG + data).hex()
