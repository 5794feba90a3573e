# SPDX-License-Identifier: Apache-2.0
"""Where two folders may differ: every combination of the facts and of the named systems, parties and tools that either
of them speaks of, everything else as harmless as it can be. What neither mentions cannot make a difference between
them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from answerable.cedar.loaded import Loaded
from answerable.model.terms import (
    Act,
    Audience,
    Criticality,
    DataClass,
    Locality,
    Standing,
    SystemKind,
    World,
)
from answerable.policy import worlds
from answerable.policy.described import Described
from answerable.policy.domains import EFFECTS

MAX_POINTS: Final = 10_000
_YES_NO: Final = (True, False)
# Attribute in a policy -> member of a description and its values.
_MEMBERS: Final[dict[str, tuple[str, tuple[Any, ...]]]] = {
    "tier": ("tier", (0, 1, 2, 3, 4)),
    "world": ("world", tuple(World)),
    "criticality": ("criticality", tuple(Criticality)),
    "weight": ("criticality", tuple(Criticality)),
    "audience": ("audience", tuple(Audience)),
    "standing": ("standing", tuple(Standing)),
    "dataClass": ("data_class", tuple(DataClass)),
    "locality": ("locality", tuple(Locality)),
    "envelope": ("envelope", _YES_NO),
    "guarded": ("guarded", _YES_NO),
    "stream": ("stream", _YES_NO),
    "named": ("principal", ("", "somebody")),
    "language": ("language", ("en", "zh")),
    "kind": ("kind", tuple(SystemKind)),
}
# As much is there as can be: what the kernel refuses no folder changes.
_BASE: Final[dict[str, Any]] = {"envelope": True, "guarded": True, "attested": True, "funded": True}
_LITERAL: Final = re.compile(r'\b(System|Copy|Party|Server|Tool)::"((?:[^"\\]|\\.)*)"')
_ATTRIBUTE: Final = re.compile(r"\.\s*([A-Za-z]\w*)")


@dataclass(frozen=True, slots=True)
class Points:
    """told: the descriptions; whole: how many there are; fewer are told where that is too many, spread over all of
    them and always the same."""

    told: tuple[Described, ...]
    whole: int


def points(folders: Iterable[Loaded], most: int = MAX_POINTS) -> Points:
    folders = tuple(folders)
    said = {name for folder in folders for rule in folder.rules for name in _ATTRIBUTE.findall(rule.text)}
    named = {
        match for folder in folders for rule in folder.rules for match in _LITERAL.findall(rule.text)
    } | {uid for folder in folders for uid in folder.members}  # fmt: skip
    members = {member: values for name, (member, values) in _MEMBERS.items() if name in said}
    asks = list(_asks(said, named))
    spaces = [
        asks,
        list(_callers(named)),
        *([{member: value} for value in values] for member, values in members.items()),
    ]
    whole = 1
    for space in spaces:
        whole *= len(space)
    if whole <= most:
        picks: Iterable[tuple[dict[str, Any], ...]] = itertools.product(*spaces)
    else:
        picks = [_at(spaces, number) for number in _spread(whole, most)]
    return Points(tuple(Described(**_joined(pick)) for pick in picks), whole)


def _spread(whole: int, most: int) -> Iterator[int]:
    """`most` different numbers below `whole`. The step is near the golden ratio, so they lie evenly however many are
    taken, and shares no divisor with `whole`: `_at` meets every value of each space, and every pair of the last ones,
    before it meets any twice as often as another."""
    step = whole * 618_034 // 1_000_000
    while math.gcd(step, whole) != 1:
        step += 1
    return (number * step % whole for number in range(most))


def _at(spaces: Sequence[Sequence[dict[str, Any]]], number: int) -> tuple[dict[str, Any], ...]:
    """One of each space: `number` is written with as many digits as there are spaces, each to its space's base."""
    out = []
    for space in reversed(spaces):
        number, place = divmod(number, len(space))
        out.append(space[place])
    return tuple(reversed(out))


def _joined(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = dict(_BASE)
    for part in parts:
        out |= part
    return out


def _asks(said: set[str], named: set[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """What is asked for, of whom."""
    models = [{}, *({"via": id} for kind, id in named if kind == "System")]
    for act, model in itertools.product((Act.GENERATION, Act.EMBEDDING), models):
        yield {"act": act, **model}
    servers: list[dict[str, Any]] = [{}]
    for kind, id in sorted(named):
        if kind == "Server":
            servers.append({"server": id})
        elif kind == "Tool":
            server, _, name = id.partition("/")
            servers.append({"server": server, "tool": name})
        elif kind == "System":
            servers.append({"via": id})
    domains = worlds.domains() if said & {"domain", "criticality", "weight", "world"} else ("general",)
    for effect, domain, server in itertools.product(EFFECTS, domains, servers):
        yield {"act": Act.TOOL_CALL, "effect": effect, "domain": domain, **server}


def _callers(named: set[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    yield {}
    for kind, id in sorted(named):
        if kind == "System":
            yield {"system": id}
        elif kind == "Copy":
            yield {"copy": id, "system": id.rpartition("/copy/")[0] or id}
        elif kind == "Party":
            yield {"party": id}


def in_words(told: Described) -> dict[str, Any]:
    """What of a description is not as it would be anyway."""
    out: dict[str, Any] = msgspec.to_builtins(told)
    usual: dict[str, Any] = msgspec.to_builtins(Described(**_BASE))
    return {name: value for name, value in out.items() if value != usual[name] or name == "act"}
