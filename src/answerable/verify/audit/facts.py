# SPDX-License-Identifier: Apache-2.0
"""What the rules remember of earlier leaves, and where: a few fields of what was registered, of warrants and orders,
and of actions that have not ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol

import msgspec


class Fact(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """index: of its leaf."""

    index: int


class PartyFact(Fact, frozen=True, kw_only=True, array_like=True):
    id: str


class KeyFact(Fact, frozen=True, kw_only=True, array_like=True):
    """end: index of the leaf that withdrew or replaced it, 0 while none did; safe: the ML-DSA-44 key that came with it,
    b64u, "" for none."""

    own: str
    pub: str
    use: str
    end: int = 0
    safe: str = ""


class SystemFact(Fact, frozen=True, kw_only=True, array_like=True):
    """numbers: its weights ancestors' registry numbers and, last, its own; roles: (role, rid of the party), as of the
    newest transfer; sold: whether there was one; makers: the highest tier of the systems that made it, to any depth;
    whole: all of them are known: a memory from before they were counted knows of none."""

    num: int
    numbers: tuple[int, ...]
    roles: tuple[tuple[str, str], ...]
    worlds: tuple[str, ...]
    tier: int
    crit: str
    digests: tuple[str, ...]
    dead: str = ""
    sold: bool = False
    makers: int = 0
    whole: bool = False


class CopyFact(Fact, frozen=True, kw_only=True, array_like=True):
    system: str
    pub: str
    end: int = 0


class WarrantFact(Fact, frozen=True, kw_only=True, array_like=True):
    system: str
    party: str
    copy: str
    worlds: tuple[str, ...]
    tier: int
    exp: int
    life: int  # ms that a warrant of its class may live


class OrderFact(Fact, frozen=True, kw_only=True, array_like=True):
    kind: str
    scope: str
    root: str
    at: int
    until: int
    num: int
    twins: tuple[int, ...]
    escalates: str = ""
    released: str = ""


class NameFact(Fact, frozen=True, kw_only=True, array_like=True):
    """A public id, and the record that bears it."""

    rid: str


class RosterFact(Fact, frozen=True, kw_only=True, array_like=True):
    """The newest roster of officers, kept under the name ``newest``. leaf: its text."""

    leaf: str


class Plain(Fact, frozen=True, kw_only=True, array_like=True):
    """A leaf of which it is enough that it stands there."""


class Suspicion(msgspec.Struct, frozen=True, array_like=True):
    """What is a finding only if the action was done all the same."""

    code: str
    params: dict[str, str]


class OpenFact(Fact, frozen=True, kw_only=True, array_like=True):
    """A permitted action without its end. told: that it has none was reported."""

    t: int
    system: str
    warrant: str
    via: str = ""
    vwar: str = ""
    suspicion: Suspicion | None = None
    told: bool = False


FACTS: Final[dict[str, type[Fact]]] = {
    "party": PartyFact,
    "key": KeyFact,
    "system": SystemFact,
    "copy": CopyFact,
    "warrant": WarrantFact,
    "order": OrderFact,
    "open": OpenFact,
    "copy_id": NameFact,
    "roster": RosterFact,
    **dict.fromkeys(("announce", "reauthorisation", "hold", "grant", "preserve", "attestation"), Plain),
}


class Memory(Protocol):
    """Grows with the log: kept outside the process where that is long. One user at a time."""

    def first(self, keys: Iterable[bytes]) -> dict[bytes, int]:
        """Of these keys, those that were noted before, with what was noted."""

    def note(self, rows: Iterable[tuple[bytes, int]]) -> None:
        """Remember keys; one that is known keeps what was noted first."""

    def get(self, kind: str, rid: str) -> Any:
        """The fact, or None."""

    def put(self, kind: str, rid: str, fact: Fact) -> None: ...

    def drop(self, kind: str, rid: str) -> None: ...

    def all(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Facts of a kind, in the order of their leaves."""


class Held:
    """`Memory` in this process."""

    def __init__(self) -> None:
        self._keys: dict[bytes, int] = {}
        self._facts: dict[str, dict[str, Fact]] = {kind: {} for kind in FACTS}

    def first(self, keys: Iterable[bytes]) -> dict[bytes, int]:
        return {key: self._keys[key] for key in keys if key in self._keys}

    def note(self, rows: Iterable[tuple[bytes, int]]) -> None:
        for key, value in rows:
            self._keys.setdefault(key, value)

    def get(self, kind: str, rid: str) -> Any:
        return self._facts[kind].get(rid)

    def put(self, kind: str, rid: str, fact: Fact) -> None:
        self._facts[kind][rid] = fact

    def drop(self, kind: str, rid: str) -> None:
        self._facts[kind].pop(rid, None)

    def all(self, kind: str) -> Iterator[tuple[str, Any]]:
        yield from list(self._facts[kind].items())
