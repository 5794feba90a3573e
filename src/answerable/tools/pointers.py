# SPDX-License-Identifier: Apache-2.0
"""JSON pointers (RFC 6901) into a call's arguments, with one addition: a segment ``*`` stands for each member of an
array. And plain decimals, in which amounts and bounds are written: no exponent, so that no two readers differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from answerable.errors import Refused

EACH: Final = "*"
MAX_POINTER: Final = 400
# Far beyond any amount or angle; short enough that arithmetic on it is exact and quick.
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,12})?\Z")
_BAD_ESCAPE: Final = re.compile(r"~(?![01])")


@lru_cache(maxsize=1_024)  # of what people registered, mostly: the same few for each call
def segments(pointer: str) -> tuple[str, ...]:
    """Of "/a/b" ("a", "b"). Raises Refused ``tool.pointer`` for what is no pointer, and for "": the whole is not an
    argument."""
    if not pointer.startswith("/") or len(pointer) > MAX_POINTER or _BAD_ESCAPE.search(pointer):
        raise Refused("tool.pointer", pointer=pointer[:80])
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))


def escape(segment: str) -> str:
    return segment.replace("~", "~0").replace("/", "~1") if "~" in segment or "/" in segment else segment


def found(value: Any, path: tuple[str, ...], at: str = "") -> Iterator[tuple[str, Any]]:
    """(pointer, value) of everything that `path` leads to in `value`; nothing where it leads nowhere."""
    if not path:
        yield at, value
        return
    first, rest = path[0], path[1:]
    if isinstance(value, dict):
        if first in value:
            yield from found(value[first], rest, f"{at}/{escape(first)}")
    elif isinstance(value, list):
        if first == EACH:
            for index, item in enumerate(value):
                yield from found(item, rest, f"{at}/{index}")
        elif first.isascii() and first.isdigit() and str(int(first)) == first and int(first) < len(value):
            yield from found(value[int(first)], rest, f"{at}/{first}")


def one(value: Any, pointer: str) -> Any:
    """The one value that `pointer` leads to, or None where there is none or several."""
    values = [item for _, item in found(value, segments(pointer))]
    return values[0] if len(values) == 1 else None


def decimal(text: str) -> Decimal | None:
    """Of a plain decimal; None for anything else."""
    return Decimal(text) if _DECIMAL.match(text) else None


def number(value: Any) -> Decimal | None:
    """Of a JSON number, or of a text that is a plain decimal: amounts travel as both. None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return decimal(str(value)) if abs(value) < 10**18 else None
    if isinstance(value, float):
        return Decimal(repr(value)) if value == value and abs(value) < 1e18 else None
    return decimal(value) if isinstance(value, str) else None
