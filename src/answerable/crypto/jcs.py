# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON of what others send: RFC 8785 (JCS) with floats. Our own formats hold none (`canonical`).

One value has one text, so a digest over it stands for what it means and not for how it was written, and what was judged
is, byte for byte, what is passed on.
"""

from __future__ import annotations

import math
from json.encoder import encode_basestring
from typing import Any, Final

from answerable.crypto.canonical import MAX_DEPTH, MAX_INTEGER, ordered
from answerable.errors import VerificationError

# ECMA-262 section 6.1.6.1.20 (Number::toString): plain digits up to here, an exponent beyond.
_PLAIN_ABOVE: Final = -7
_PLAIN_UP_TO: Final = 21


class Double(float):
    """A number that is meant as the double that it is, however many digits it has: RFC 8785 writes it so."""


def dumps(value: Any) -> bytes:
    """RFC 8785 bytes of dicts with text keys, lists, texts, numbers, booleans and None.

    Raises VerificationError ``log.encoding`` for other types, floats that are not finite, what is written as an integer
    of 2**53 and over (two of them would be one number to most readers), lone surrogates, and nesting deeper than 32.
    """
    parts: list[str] = []
    _write(value, 0, parts)
    try:
        return "".join(parts).encode("utf-8")
    except UnicodeEncodeError:
        raise VerificationError("log.encoding", detail="a lone surrogate") from None


def number(value: float) -> str:
    """The text of a finite float (RFC 8785 section 3.2.2.3). Raises VerificationError ``log.encoding``."""
    if not math.isfinite(value):
        raise VerificationError("log.encoding", detail="a number that is not finite")
    if value == 0:
        return "0"
    # The shortest digits that read back as the same double, which Python and ECMA-262 agree about; not their layout.
    digits, _, power = float.__repr__(value).lower().lstrip("-").partition("e")
    whole, _, part = digits.partition(".")
    part = "" if part == "0" else part
    point = len(whole) + int(power or "0")
    all_digits = whole + part
    leading = len(all_digits) - len(all_digits.lstrip("0"))
    all_digits, point = all_digits[leading:].rstrip("0"), point - leading
    sign = "-" if value < 0 else ""
    count = len(all_digits)
    if count <= point <= _PLAIN_UP_TO:
        return sign + all_digits + "0" * (point - count)
    if 0 < point <= _PLAIN_UP_TO:
        return f"{sign}{all_digits[:point]}.{all_digits[point:]}"
    if _PLAIN_ABOVE < point - 1 < 0:
        return f"{sign}0.{'0' * -point}{all_digits}"
    exponent = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"{sign}{all_digits[0]}{'.' + all_digits[1:] if count > 1 else ''}{exponent}"


def _write(value: Any, depth: int, parts: list[str]) -> None:
    kind = type(value)
    if kind is dict or kind is list:  # what is asked for most, first: in each call of a tool this is asked often
        if depth == MAX_DEPTH:
            raise VerificationError("log.encoding", detail="nested too deep")
        _nested(value, depth, parts)
    elif isinstance(value, str):
        parts.append(encode_basestring(value))
    elif value is None:
        parts.append("null")
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise VerificationError("log.encoding", detail="an integer beyond 2**53 - 1")
        parts.append(str(value))
    elif isinstance(value, float):
        text = number(value)
        # Whoever reads it back takes it for an integer, and not everybody for the same one.
        if abs(value) > MAX_INTEGER and text.lstrip("-").isdigit() and not isinstance(value, Double):
            raise VerificationError("log.encoding", detail="an integer beyond 2**53 - 1")
        parts.append(text)
    elif isinstance(value, dict | list | tuple):
        if depth == MAX_DEPTH:
            raise VerificationError("log.encoding", detail="nested too deep")
        _nested(value, depth, parts)
    else:
        raise VerificationError("log.encoding", detail="a type that is not JSON")


def _nested(value: dict[Any, Any] | list[Any] | tuple[Any, ...], depth: int, parts: list[str]) -> None:
    if not isinstance(value, dict):
        opening = "["
        for item in value:
            parts.append(opening)
            opening = ","
            _write(item, depth + 1, parts)
        parts.append("]" if opening == "," else "[]")
        return
    opening = "{"
    for key in ordered(value):
        item = value[key]
        if type(item) is str:
            parts.append(f"{opening}{encode_basestring(key)}:{encode_basestring(item)}")
        else:
            parts.append(f"{opening}{encode_basestring(key)}:")
            _write(item, depth + 1, parts)
        opening = ","
    parts.append("}" if opening == "," else "{}")
