# SPDX-License-Identifier: Apache-2.0
"""The safe envelope of a tool: whether a call's arguments lie inside what a person said that they may be.

Everything is named or refused: an argument that the envelope does not name is outside, whatever it holds, and a bounded
one that is left out is outside too, because its default is the server's to choose.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from answerable.errors import Refused
from answerable.model.tools import Bound
from answerable.tools import pointers

MAX_BOUNDS: Final = 64
# Of the values of one call that are looked at: beyond it is no call that a person thought of.
MAX_VALUES: Final = 10_000


def check(envelope: Sequence[Bound]) -> None:
    """Whether it can be kept to. Raises Refused ``tool.pointer``, ``tool.bound``."""
    if len(envelope) > MAX_BOUNDS:
        raise Refused("tool.bound", at="", detail=f"more than {MAX_BOUNDS} bounds")
    seen: set[tuple[str, ...]] = set()
    for bound in envelope:
        path = pointers.segments(bound.at)
        least = pointers.decimal(bound.least) if bound.least else None
        most = pointers.decimal(bound.most) if bound.most else None
        if (bound.least and least is None) or (bound.most and most is None):
            raise Refused("tool.bound", at=bound.at, detail="not a plain decimal")
        if least is not None and most is not None and least > most:
            raise Refused("tool.bound", at=bound.at, detail="nothing lies between")
        if bound.one_of and (bound.least or bound.most):
            raise Refused("tool.bound", at=bound.at, detail="a list of texts and a range")
        if path in seen:
            raise Refused("tool.bound", at=bound.at, detail="bounded twice")
        seen.add(path)


def breach(envelope: Sequence[Bound], arguments: dict[str, Any]) -> str:
    """The JSON pointer of the first argument that is outside, that nobody named, or that is missing; "" where all lie
    inside."""
    named: set[str] = set()
    whole: list[str] = []  # what has no bound below it: any value of it is inside
    paths = [(bound, pointers.segments(bound.at)) for bound in envelope]
    for bound, path in paths:
        values = list(pointers.found(arguments, path))
        if len(values) > MAX_VALUES:
            return bound.at
        if not bound.optional and (at := _missing(arguments, path, "")):
            return at
        deeper = any(len(other) > len(path) and other[: len(path)] == path for _, other in paths)
        for at, value in values:
            if not _inside(bound, value):
                return at
            named.add(at)
            if not deeper:
                whole.append(at)
    return _unnamed(arguments, "", named, frozenset(whole), [path for _, path in paths])


def _inside(bound: Bound, value: Any) -> bool:
    if bound.one_of:
        return isinstance(value, str) and value in bound.one_of
    if bound.least or bound.most:
        amount = pointers.number(value)
        if amount is None:
            return False
        least, most = _limit(bound.least), _limit(bound.most)
        return (least is None or amount >= least) and (most is None or amount <= most)
    return not bound.longest or (isinstance(value, str | list) and len(value) <= bound.longest)


_limit = lru_cache(maxsize=1_024)(pointers.decimal)  # of what people wrote once, and not of what a call says


def _missing(value: Any, path: tuple[str, ...], at: str) -> str:
    """The first place where `path` does not go on, "" where it leads somewhere for each member of each array: of an
    empty one every bound holds."""
    if not path:
        return ""
    first, rest = path[0], path[1:]
    here = f"{at}/{pointers.escape(first)}"
    if isinstance(value, list) and first == pointers.EACH:
        steps = (_missing(item, rest, f"{at}/{index}") for index, item in enumerate(value))
        return next(filter(None, steps), "")
    inner = next(iter(pointers.found(value, (first,))), None)
    return here if inner is None else _missing(inner[1], rest, here)


def _unnamed(value: Any, at: str, named: set[str], whole: frozenset[str], paths: list[tuple[str, ...]]) -> str:
    """The first place in `value` that no bound reaches, "" where each is reached."""
    if at in whole:
        return ""
    inner: list[tuple[str, Any]]
    if isinstance(value, dict):
        inner = [(pointers.escape(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        inner = [(str(index), item) for index, item in enumerate(value)]
    else:
        return "" if at in named else at
    if not inner:
        # An empty object or array on the way to a bound says nothing that a bound would have to hold.
        return "" if not at or at in named or _on_the_way(at, paths) else at
    for segment, item in inner:
        if found := _unnamed(item, f"{at}/{segment}", named, whole, paths):
            return found
    return ""


def _on_the_way(at: str, paths: list[tuple[str, ...]]) -> bool:
    walked = pointers.segments(at)
    return any(
        len(path) > len(walked) and all(step in (pointers.EACH, mine) for step, mine in zip(path, walked, strict=False))
        for path in paths
    )
