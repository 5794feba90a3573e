# SPDX-License-Identifier: Apache-2.0
"""Reading CBOR (RFC 8949) of strangers, as little of it as receipts are made of: integers of 64 bits, strings, lists,
maps, null, and tags that are left as they are.

General readers make decimals, patterns and dates out of tags, which takes as long as whoever wrote them likes: a
decimal of 4 MB costs half an hour. Which lengths and orders are canonical is asked by whoever writes it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from answerable.errors import VerificationError

MAX_DEPTH: Final = 16
_NULL: Final = 0xF6


@dataclass(frozen=True, slots=True)
class Tag:
    number: int
    value: Any


def loads(data: bytes) -> Any:
    """The one item that `data` holds. Maps have integers and texts for keys. Raises VerificationError ``log.encoding``
    for anything else, floats, other simple values and indefinite lengths included."""
    value, end = _item(data, 0, 0)
    if end != len(data):
        raise _bad("bytes after its end")
    return value


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if at >= len(data) or depth > MAX_DEPTH:
        raise _bad("cut, or nested too deep")
    first = data[at]
    if first == _NULL:
        return None, at + 1
    major, argument, at = first >> 5, first & 31, at + 1
    if argument > 23:
        end = at + (1 << argument - 24)
        if argument > 27 or end > len(data):
            raise _bad("cut, or of indefinite length")
        argument, at = int.from_bytes(data[at:end], "big"), end
    match major:
        case 0:
            return argument, at
        case 1:
            return -1 - argument, at
        case 2 | 3:
            end = at + argument
            if end > len(data):
                raise _bad("a string that is cut")
            return data[at:end] if major == 2 else _text(data[at:end]), end
        case 4:
            items = []
            for _ in range(argument):  # each takes a byte: what is announced and not there ends it
                item, at = _item(data, at, depth + 1)
                items.append(item)
            return items, at
        case 5:
            members: dict[int | str, Any] = {}
            for _ in range(argument):
                key, at = _item(data, at, depth + 1)
                if not isinstance(key, int | str) or key in members:
                    raise _bad("a key of another kind, or one that stands twice")
                members[key], at = _item(data, at, depth + 1)
            return members, at
        case 6:
            value, at = _item(data, at, depth + 1)
            return Tag(argument, value), at
    raise _bad("a float or another simple value")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _bad("a text that is not UTF-8") from None


def _bad(detail: str) -> VerificationError:
    return VerificationError("log.encoding", detail=f"not CBOR that is read here: {detail}")
