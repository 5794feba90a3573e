# SPDX-License-Identifier: Apache-2.0
"""The registry as it stands in memory, and sets of its systems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from answerable.admission.stopset import StopSet
from answerable.model.records import Admin, Copy, Handle, Party, Stop, System
from answerable.model.terms import Criticality, World
from answerable.model.units import Space


@dataclass(frozen=True, slots=True)
class Group:
    """Systems of one class, and their running copies."""

    tier: int
    worlds: tuple[World, ...]
    criticality: Criticality
    systems: int
    copies: int


class Reach(Protocol):
    """A set of systems by registry number, ascending, as it was when it was asked for. What it answers costs no look at
    a system's row."""

    def __len__(self) -> int: ...

    def __contains__(self, num: int) -> bool: ...

    def __iter__(self) -> Iterator[int]: ...

    def by_twins(self) -> Reach:
        """Of a set that was made with `twins`, those that it would not have had without."""

    def without(self, other: Any) -> Reach:
        """Those that are not in `other`, a set of the same directory."""

    def copies(self) -> int:
        """How many copies of them run."""

    def running(self) -> Iterator[int]:
        """Those of which a copy runs."""

    def groups(self) -> Sequence[Group]:
        """By class."""

    def parties(self) -> Sequence[str]:
        """rids of the parties of any of them, each once."""

    def digest_count(self) -> int:
        """How many different digests they hold, where the set was made with `twins`."""

    def digest_list(self) -> tuple[int, str] | None:
        """(how many, SHA-256 as hex) of the sorted list of their digests, one a line; None where that is not known
        without their rows."""


class Directory(Protocol):
    """The registry as it stands after the newest commit: in memory, synchronous, consistent. Implemented by
    `registry.book.Book`."""

    domain: str
    changes: int  # goes up with each commit that changes something here: what was looked up before may have changed

    def party(self, ref: str) -> Party | None:
        """By rid or by party id."""

    def system(self, ref: str) -> System | None:
        """By rid, SPIFFE id, or name (the newest of that name)."""

    def copy(self, ref: str) -> Copy | None:
        """By rid or SPIFFE id."""

    def admin(self, rid: str) -> Admin | None: ...

    def admins(self) -> Iterable[Admin]:
        """Every key that was enrolled for a person, withdrawn ones included."""

    def handle(self, digest: str) -> Handle | None: ...

    def systems(self) -> Iterable[System]: ...

    def called(self, name: str) -> tuple[System, ...]:
        """The systems of that name that were not born dead, the newest last; `system` means the newest."""

    def copies_of(self, system: str) -> Iterable[Copy]:
        """Running copies of the system with that rid."""

    def children(self, system: str) -> Iterable[tuple[System, str]]:
        """(child, relation) for every edge that names the system with that rid as parent."""

    def by_number(self, num: int) -> System | None: ...

    def by_digest(self, digest: str) -> Iterable[System]: ...

    def reach(self, roots: Iterable[int], *, descend: bool = True, twins: bool = False) -> Reach:
        """The systems with the numbers `roots`; with `descend` all that came from them over weights edges; with `twins`
        all that hold one of their digests, and so on until nothing is added."""

    def where(self, *, party: str = "", world: str = "") -> Reach:
        """The systems with that party (rid), or in that world; all of them for neither."""

    def users(self, of: Reach) -> Reach:
        """What uses a system of the set, or uses one that does; without the set."""

    def odd(self) -> Iterable[int]:
        """Numbers of systems whose list of ancestors does not name all of their parents: none, but in damaged rows."""

    def stops(self) -> Iterable[Stop]: ...

    def stop_set(self) -> StopSet:
        """`stops`, indexed; made once for each change of them."""

    def raw(self, space: Space, key: str) -> bytes | None:
        """The encoded row, for `Expect`."""

    def count(self, space: Space) -> int:
        """How many rows a space has."""

    def rows(self, space: Space) -> Iterable[tuple[str, bytes]]:
        """Every encoded row of a space, oldest first."""
