# SPDX-License-Identifier: Apache-2.0
"""The hash path through a receipt: which leaf points to which, of what kind it must be, and what it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from msgspec import UNSET

from answerable.errors import VerificationError
from answerable.log.receipt import Proved
from answerable.model.leaves import Leaf

Kind = TypeVar("Kind", bound=Leaf)

# kind -> member -> kind that it points to. Lists of ids and lists of objects with an id are followed too.
_POINTS: Final[dict[str, dict[str, str]]] = {
    "open": {
        "sys": "system",
        "war": "warrant",
        "via": "system",
        "vwar": "warrant",
        "party": "party",
        "par": "open",
        "parties": "party",
        "cons": "grant",
    },
    "close": {"open": "open"},
    "warrant": {"cpy": "copy", "sys": "system", "party": "party"},
    "copy": {"sys": "system"},
    "system": {
        "parties": "party",
        "edges": "system",
        "ann": "announce",
        "re": "reauthorisation",
        "dead": "order",
    },
    "party": {"prev": "party", "vch": "party"},
    "hold": {"open": "open"},
    "approval": {"hold": "hold"},
    "planted": {"hold": "hold"},
    "incident": {"open": "open", "sys": "system"},
    "erase": {"of": "open"},
}
# A later leaf belongs to the earlier one that it names here.
_FOLLOWS: Final[dict[str, str]] = {
    "close": "open",
    "hold": "open",
    "approval": "hold",
    "planted": "hold",
    "incident": "open",
    "erase": "of",
    "party": "prev",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A leaf, proven to stand at `index`."""

    rid: str
    leaf: Leaf
    proved: Proved


class Graph:
    """The leaves of a receipt by their ids."""

    def __init__(self, placed: list[Placed]) -> None:
        self._by_rid: dict[str, Placed] = {}
        for entry in placed:
            if entry.rid in self._by_rid:
                raise VerificationError("receipt.inconsistent", detail="one leaf stands in the log twice")
            self._by_rid[entry.rid] = entry

    def __iter__(self) -> Iterator[Placed]:
        return iter(self._by_rid.values())

    def find(self, rid: str, kind: type[Kind]) -> Kind | None:
        entry = self._by_rid.get(rid)
        return entry.leaf if entry and isinstance(entry.leaf, kind) else None

    def need(self, rid: str, kind: type[Kind], member: str) -> Kind:
        """The leaf that a record points to. Raises VerificationError ``receipt.incomplete``."""
        leaf = self.find(rid, kind)
        if leaf is None:
            raise VerificationError("receipt.incomplete", rid=rid, member=member)
        return leaf

    def check(self, record: str) -> None:
        """Every link leads to a leaf of the right kind that stood before it, and every leaf belongs to the record.

        Raises VerificationError ``receipt.inconsistent`` or ``receipt.spare``.
        """
        for entry in self:
            for member, kind, target in _targets(entry):
                found = self._by_rid.get(target)
                if found is None:
                    continue
                if found.leaf.k != kind:
                    raise VerificationError("receipt.inconsistent", detail=f"{member} does not point to a {kind}")
                if found.proved.index >= entry.proved.index:
                    raise VerificationError("receipt.inconsistent", detail=f"{member} points to a later leaf")
        reached: set[str] = set()
        waiting = [record]
        while waiting:
            rid = waiting.pop()
            if rid in reached or rid not in self._by_rid:
                continue
            reached.add(rid)
            waiting += [target for _, _, target in _targets(self._by_rid[rid])]
            waiting += [entry.rid for entry in self if _followed(entry) == rid]
        for entry in self:
            if entry.rid not in reached:
                raise VerificationError("receipt.spare", what=f"a leaf of kind {entry.leaf.k}")


def pointed(leaf: Leaf) -> tuple[str, ...]:
    """The record ids that a leaf points to."""
    return tuple(target for _, _, target in _of(leaf))


def _followed(entry: Placed) -> str:
    member = _FOLLOWS.get(entry.leaf.k)
    target: Any = getattr(entry.leaf, member) if member else UNSET
    return "" if target is UNSET else str(target)


def _targets(entry: Placed) -> Iterator[tuple[str, str, str]]:
    """(member, kind of its target, id) for each link of a leaf."""
    return _of(entry.leaf)


def _of(leaf: Leaf) -> Iterator[tuple[str, str, str]]:
    for member, kind in _POINTS.get(leaf.k, {}).items():
        value: Any = getattr(leaf, member)
        if value is UNSET:
            continue
        for item in value if isinstance(value, list) else [value]:
            yield member, kind, item if isinstance(item, str) else getattr(item, "rid", None) or item.p
