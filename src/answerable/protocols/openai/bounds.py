# SPDX-License-Identifier: Apache-2.0
"""The first reading of a request's body: JSON within bounds, before anybody looks at what it says."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from answerable.errors import Refused

# Images travel inside requests as base64. The gateway bounds the body before it is read; this bound is for other
# callers.
MAX_BODY: Final = 32 * 1024 * 1024
# A JSON schema for structured output nests some ten deep, two levels of ours for each of its own.
MAX_DEPTH: Final = 64
# Members of objects cost a thousand times their bytes when a million of them come; no honest request has so many.
MAX_MEMBERS: Final = 50_000
# Elements of lists are mostly tokens: 2,048 inputs of an embedding with 512 each.
MAX_ELEMENTS: Final = 1_048_576
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def load(body: bytes) -> dict[str, Any]:
    """The members of a request's body.

    Raises Refused ``request.too_large``, ``request.malformed`` (not one JSON object in UTF-8), ``request.too_complex``
    (nested deeper than 64, more than 50,000 members or 1,048,576 elements).
    """
    if len(body) > MAX_BODY:
        raise Refused("request.too_large", limit=MAX_BODY)
    # A member has at least four bytes, an element two.
    small = len(body) < min(4 * MAX_MEMBERS, 2 * MAX_ELEMENTS)
    # Counted in the bytes first, without what is quoted inside texts, so that a flood is not even decoded.
    if not small and body.count(b'":') - body.count(b'\\":') > MAX_MEMBERS:
        raise Refused("request.too_complex", what="members", limit=MAX_MEMBERS)
    try:
        value = _decode(body)
    except RecursionError:
        raise Refused("request.too_complex", what="levels", limit=MAX_DEPTH) from None
    except UnicodeDecodeError:
        raise Refused("request.malformed", detail="not UTF-8") from None
    except msgspec.ValidationError:
        raise Refused("request.malformed", detail="not an object, or a number out of range") from None
    except ValueError:
        raise Refused("request.malformed", detail="not JSON") from None
    # What is small and has no more brackets than levels are allowed is within all bounds.
    if not small or body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _measure(value)
    return value


def _measure(value: dict[str, Any]) -> None:
    members = elements = depth = 0
    level: list[Any] = [value]
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise Refused("request.too_complex", what="levels", limit=MAX_DEPTH)
        below: list[Any] = []
        for each in level:
            if type(each) is dict:
                members += len(each)
                if members > MAX_MEMBERS:
                    raise Refused("request.too_complex", what="members", limit=MAX_MEMBERS)
                for item in each.values():
                    if type(item) is dict or type(item) is list:
                        below.append(item)
            else:
                elements += len(each)
                if elements > MAX_ELEMENTS:
                    raise Refused("request.too_complex", what="elements", limit=MAX_ELEMENTS)
                for item in each:
                    if type(item) is dict or type(item) is list:
                        below.append(item)
        level = below
