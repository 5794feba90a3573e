# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON: RFC 8785 (JCS) over the I-JSON subset that our formats use, and a strict reader (RFC 7493).

No floats: their text differs between languages, and nothing that is signed here needs one. Integers stay within
2**53 - 1, the range that every JSON reader holds exactly.
"""

from __future__ import annotations

import json
from typing import Any, Final

from answerable.errors import VerificationError

MAX_INTEGER: Final = 2**53 - 1
# Deep enough for every format of ours; keeps recursive readers in other languages safe.
MAX_DEPTH: Final = 32

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")).encode


def dumps(value: Any) -> bytes:
    """RFC 8785 bytes of dicts with text keys, lists, tuples, texts, integers, booleans and None.

    Raises VerificationError ``log.encoding`` for floats and other types, integers of 2**53 and over, lone surrogates,
    and nesting deeper than 32.
    """
    try:
        return _encode(_ordered(value, 0)).encode("utf-8")
    except UnicodeEncodeError:
        raise VerificationError("log.encoding", detail="a lone surrogate") from None


def loads(data: bytes) -> Any:
    """The value of JSON bytes, which need not be canonical.

    Raises VerificationError ``log.encoding`` for bytes that are not UTF-8 or not JSON, duplicate keys, floats, integers
    of 2**53 and over, lone surrogates, and nesting deeper than 32.
    """
    try:
        value = _decode(data.decode("utf-8"))
        _ordered(value, 0)
        return value
    except UnicodeDecodeError:
        raise VerificationError("log.encoding", detail="not UTF-8") from None
    except RecursionError:
        raise VerificationError("log.encoding", detail="nested too deep") from None
    except ValueError:
        raise VerificationError("log.encoding", detail="not JSON") from None


def ordered(members: dict[Any, Any]) -> list[str]:
    """The keys of an object in the order of RFC 8785: by UTF-16 code units, which differ from code points beyond the
    basic plane (section 3.2.3). Raises VerificationError ``log.encoding`` for a key that is no text."""
    try:
        plain = "".join(members).isascii()
    except TypeError:
        raise VerificationError("log.encoding", detail="a key that is not text") from None
    return sorted(members) if plain else sorted(members, key=_utf16)


def _ordered(value: Any, depth: int) -> Any:
    """`value` with the keys of each object in the order of their UTF-16 code units; checks every member."""
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
            raise VerificationError("log.encoding", detail="a lone surrogate")
        return value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise VerificationError("log.encoding", detail="an integer beyond 2**53 - 1")
        return value
    if depth == MAX_DEPTH:
        raise VerificationError("log.encoding", detail="nested too deep")
    if isinstance(value, dict):
        return {_ordered(key, depth): _ordered(value[key], depth + 1) for key in ordered(value)}
    if isinstance(value, list | tuple):
        return [_ordered(item, depth + 1) for item in value]
    raise VerificationError("log.encoding", detail=f"a value of type {type(value).__name__}")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise VerificationError("log.encoding", detail="a duplicate key")
    return members


def _integer(text: str) -> int:
    # Refused by length before it is converted: conversion of long texts takes quadratic time.
    if len(text) > len("-9007199254740991"):
        raise VerificationError("log.encoding", detail="an integer beyond 2**53 - 1")
    return int(text)


def _no_float(_: str) -> float:
    raise VerificationError("log.encoding", detail="a number that is not an integer")


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_no_float, parse_constant=_no_float
).decode
