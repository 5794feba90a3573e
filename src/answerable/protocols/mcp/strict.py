# SPDX-License-Identifier: Apache-2.0
"""JSON that every reader takes for the same (RFC 7493, I-JSON): what is judged here is what anyone else would judge.

Names stand once in an object, numbers are within what all readers hold exactly, text is Unicode; depth, size and number
of values are bounded before anybody looks at what they say.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from answerable.errors import Refused

# An MCP message nests three deep before a tool's own arguments begin; `crypto.jcs` writes 32 at the most.
MAX_DEPTH: Final = 30
MAX_VALUES: Final = 200_000
MAX_INTEGER: Final = 2**53 - 1
# From here on RFC 8785 writes a float with an exponent; below it, without: then some read a whole number out of it.
WRITTEN_OUT: Final = 1e21

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def load(body: bytes, *, exact: bool = True) -> dict[str, Any]:
    """The members of one JSON object. exact: refuse floats as well that are whole numbers to others, and other ones.

    Raises Refused ``request.malformed`` (not one object in UTF-8, a list of several among them; a member that stands
    twice; a number that is not the same to all readers), ``request.too_complex`` (nested deeper than 30, more than
    200,000 values).
    """
    # Brackets and commas inside texts count too: a bound on honest text, and nothing is decoded to find out.
    if body.count(b"{") + body.count(b"[") + body.count(b",") > MAX_VALUES:
        raise Refused("request.too_complex", what="values", limit=MAX_VALUES)
    try:
        value = _decode(body)
    except RecursionError:
        raise Refused("request.too_complex", what="levels", limit=MAX_DEPTH) from None
    except UnicodeDecodeError:
        raise Refused("request.malformed", detail="not UTF-8") from None
    except msgspec.ValidationError:
        raise Refused("request.malformed", detail="not one object, or a number out of range") from None
    except ValueError:
        raise Refused("request.malformed", detail="not JSON") from None
    _unique(body, _measure(value, exact=exact))
    return value


def _measure(value: dict[str, Any], *, exact: bool) -> int:
    """How many colons stand in the value's own text if no member was lost: one a member, and those inside texts."""
    colons = depth = 0
    level: list[Any] = [value]
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise Refused("request.too_complex", what="levels", limit=MAX_DEPTH)
        below: list[Any] = []
        for each in level:
            if type(each) is dict:
                colons += len(each)
                for name in each:
                    if ":" in name:
                        colons += name.count(":")
                items: Any = each.values()
            else:
                items = each
            for item in items:
                kind = type(item)
                if kind is str:
                    if ":" in item:
                        colons += item.count(":")
                elif kind is dict or kind is list:
                    below.append(item)
                elif kind is int and not -MAX_INTEGER <= item <= MAX_INTEGER:
                    raise Refused("request.malformed", detail="an integer beyond 2**53")
                elif kind is float and exact and MAX_INTEGER < abs(item) < WRITTEN_OUT:
                    raise Refused("request.malformed", detail="a number beyond 2**53")
        level = below
    return colons


def _unique(body: bytes, colons: int) -> None:
    """Raises Refused ``request.malformed`` for a member that stands twice: two readers could take different ones.

    A decoder keeps one of two members; the other's colon is then missing from what it made. Only a colon that was
    written as an escape could stand in for it: where there is one, everything is read again, slowly.
    """
    if body.find(b"\\u003") >= 0:
        json.loads(body, object_pairs_hook=_once)
    elif body.count(b":") != colons:
        raise _twice()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _twice()
    return members


def _twice() -> Refused:
    return Refused("request.malformed", detail="a member that stands twice")
