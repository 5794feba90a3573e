# SPDX-License-Identifier: Apache-2.0
"""The rules over a log, leaf after leaf: form, duplicates, time, references, signatures, warrants, stops, ends.

Pure: leaves and the time come in, findings go out; what must be remembered is in a `Memory`. The leaves are taken for
those of the tree: whoever feeds them has verified that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import UNSET, structs

from answerable.admission.envelope import LONGEST_MS
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import VerificationError
from answerable.log import roster
from answerable.log.checkpoint import SAFE_MEMBER
from answerable.log.leaf import RID_LENGTH, decode, encode, is_rid, leaf_hash, rid_of
from answerable.model.terms import Relation
from answerable.verify.audit import signing
from answerable.verify.audit.acting import Acts, Waiting
from answerable.verify.audit.facts import (
    CopyFact,
    KeyFact,
    Memory,
    NameFact,
    PartyFact,
    Plain,
    RosterFact,
    SystemFact,
    WarrantFact,
)
from answerable.verify.audit.findings import Finding
from answerable.verify.audit.pointing import targets
from answerable.verify.audit.stopping import Stops, life_ms

LOG_KEY: Final = "log"
ENVELOPE: Final = "answerable.envelope"
MAKER: Final = "answerable.maker"  # of a system leaf: the copy that registered it through the gate


@dataclass(frozen=True, slots=True)
class Limits:
    """deadline_ms: how long an action may stay open; clock_ms: how far a leaf's time may go back behind one before it,
    or ahead of the monitor's own clock."""

    deadline_ms: int = 900_000
    clock_ms: int = 10_000


LIMITS: Final = Limits()


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """What must outlive the process beside the memory; see `Auditor.carried`."""

    newest: int = 0
    pending: tuple[Waiting, ...] = ()
    batch: tuple[int, int] = (0, 0)


AT_FIRST: Final = Carried()


class Auditor:
    """origin: the log's name, under which statements were signed."""

    def __init__(self, memory: Memory, origin: str, limits: Limits = LIMITS, carried: Carried = AT_FIRST) -> None:
        self._memory = memory
        self._origin = origin
        self._limits = limits
        self._findings: list[Finding] = []
        self._stops = Stops(memory)
        self._acts = Acts(memory, self._stops, self._findings, limits.deadline_ms)
        self._acts.resume(list(carried.pending), carried.batch)
        self._newest = carried.newest  # ms UTC, of the leaves so far
        self._takes: dict[str, Callable[[int, str, Any], None]] = {
            "party": self._party,
            "key": self._key,
            "roster": self._roster,
            "system": self._system,
            "transfer": self._transfer,
            "copy": self._copy,
            "warrant": self._warrant,
            "renewals": lambda index, rid, leaf: self._acts.renewed(leaf),
            "order": lambda index, rid, leaf: self._stops.order(rid, index, leaf),
            "release": lambda index, rid, leaf: self._stops.release(leaf.order, rid),
            "open": self._acts.open,
            "close": self._close,
        }

    @property
    def carried(self) -> Carried:
        return Carried(newest=self._newest, pending=tuple(self._acts.pending), batch=self._acts.batch)

    def feed(self, first: int, leaves: Sequence[bytes], now: int) -> list[Finding]:
        """What is wrong with the leaves from index `first` on. now: ms UTC by the monitor's clock."""
        read: list[tuple[int, str, Any]] = []
        for index, data in enumerate(leaves, first):
            rid = rid_of(leaf_hash(data))
            try:
                read.append((index, rid, decode(data)))
            except VerificationError as error:
                self._find("monitor.leaf", now, index, rid, detail=str(error.params.get("detail", error.code)))
                read.append((index, rid, None))
        known = self._duplicates(read, now)
        for index, rid, leaf in read:
            if leaf is not None:
                self._leaf(index, rid, leaf, known, now)
        return self._taken()

    def settle(self, now: int) -> list[Finding]:
        """What is overdue at `now` (ms UTC)."""
        self._acts.settle(now)
        return self._taken()

    def withdrawn(self, signers: Iterable[bytes], size: int) -> int:
        """Index of the leaf that ended the last of the log's keys among `signers` (public keys of either type) before a
        checkpoint of `size` leaves, 0 if one of them is in force, or the log knows none of them: a key that it never
        named does not make up for one that it withdrew."""
        keys = [fact for _, fact in self._memory.all("key") if fact.use == LOG_KEY]
        ends = {public: fact.end for fact in keys for public in (fact.pub, fact.safe)}
        found = [ends[public] for public in map(b64u, signers) if public in ends]
        return max(found) if found and all(0 < end < size for end in found) else 0

    # --- what every leaf is asked ---

    def _duplicates(self, read: list[tuple[int, str, Any]], now: int) -> dict[bytes, int]:
        """Report ids and nonces that stood before; every key asked for, with its first index."""
        own: list[tuple[bytes, int, str, int, str]] = []
        wanted: set[bytes] = set()
        for index, rid, leaf in read:
            at = now if leaf is None else leaf.t
            own.append((_rid_key(rid), index, rid, at, "record"))
            if leaf is not None:
                own.extend((key, index, rid, at, what) for key, what in _names(leaf))
                wanted.update(_rid_key(target) for _, kind, target in targets(leaf) if kind == "leaf")
        known = self._memory.first({*(key for key, *_ in own), *wanted})
        fresh: list[tuple[bytes, int]] = []
        for key, index, rid, at, what in own:
            earlier = known.get(key)
            if earlier is None:
                known[key] = index
                fresh.append((key, index))
            else:
                self._find("monitor.duplicate", at, index, rid, what=what, earlier=earlier)
        self._memory.note(fresh)
        return known

    def _leaf(self, index: int, rid: str, leaf: Any, known: dict[bytes, int], now: int) -> None:
        self._clock(index, rid, leaf.t, now)
        for member, kind, target in targets(leaf):
            if not self._stands(kind, target, index, known):
                self._find("monitor.unregistered", leaf.t, index, rid, kind=_KINDS.get(kind, kind), member=member)
        for problem in signing.problems(leaf, self._origin, self._memory):
            self._find("monitor.signature", leaf.t, index, rid, detail=problem)
        if (take := self._takes.get(leaf.k)) is not None:
            take(index, rid, leaf)
        elif leaf.k in _PLAIN:
            self._memory.put(leaf.k, rid, Plain(index=index))

    def _clock(self, index: int, rid: str, t: int, now: int) -> None:
        tolerance = self._limits.clock_ms
        if t > now + tolerance:
            self._find("monitor.clock", t, index, rid, ms=t - now, which="ahead", tolerance=tolerance)
            return  # it does not become the measure of those that follow
        if t < self._newest - tolerance:
            self._find("monitor.clock", t, index, rid, ms=self._newest - t, which="back", tolerance=tolerance)
            self._newest = t  # told once: those that follow are measured by it
        self._newest = max(self._newest, t)

    def _stands(self, kind: str, target: str, index: int, known: dict[bytes, int]) -> bool:
        if kind == "leaf":
            return known.get(_rid_key(target), index) < index
        return self._memory.get(kind, target) is not None

    # --- what some kinds tell ---

    def _party(self, index: int, rid: str, leaf: Any) -> None:
        self._memory.put("party", rid, PartyFact(index=index, id=leaf.id))

    def _key(self, index: int, rid: str, leaf: Any) -> None:
        if leaf.prev is not UNSET:
            before: KeyFact | None = self._memory.get("key", leaf.prev)
            # The log's own key signs on after the leaf that names its successor, until the leaf that withdraws it.
            ends = leaf.end is True or leaf.use != LOG_KEY
            if before is not None and not before.end and ends:
                self._memory.put("key", leaf.prev, structs.replace(before, end=index))
        if leaf.end is not True:
            safe = "" if leaf.x is UNSET else str(leaf.x.get(SAFE_MEMBER, ""))
            self._memory.put("key", rid, KeyFact(index=index, own=leaf.own, pub=leaf.pub, use=leaf.use, safe=safe))

    def _roster(self, index: int, rid: str, leaf: Any) -> None:
        """It follows the one before it, or it is the first. Root keys and authorities' keys have no leaves of their
        own: signatures name the key."""
        newest: RosterFact | None = self._memory.get("roster", _NEWEST)
        try:
            before = roster.read(newest.leaf.encode()) if newest is not None else None
            roster.check(leaf, self._origin, before)
        except VerificationError as error:
            self._find("monitor.signature", leaf.t, index, rid, detail=error.code)
            return
        self._memory.put("roster", _NEWEST, RosterFact(index=index, leaf=encode(leaf).decode()))
        for key in (*leaf.root.keys, *(key for each in leaf.auth for key in each.keys)):
            name = roster.key_id(unb64u(key))
            if self._memory.get("key", name) is None:
                self._memory.put("key", name, KeyFact(index=index, own=self._origin, pub=key, use="roster"))

    def _system(self, index: int, rid: str, leaf: Any) -> None:
        numbers: set[int] = set()
        for edge in leaf.edges:
            parent: SystemFact | None = self._memory.get("system", edge.p)
            if parent is not None and edge.rel != Relation.USES:
                numbers.update(parent.numbers)
        makers, whole = self._makers(leaf)
        fact = SystemFact(
            index=index, num=leaf.num, numbers=(*sorted(numbers), leaf.num),
            roles=tuple((each.role, each.rid) for each in leaf.parties), worlds=tuple(leaf.wld), tier=leaf.tier,
            crit=leaf.crit, digests=tuple(leaf.dig), dead="" if leaf.dead is UNSET else leaf.dead,
            makers=makers, whole=whole,
        )  # fmt: skip
        self._memory.put("system", rid, fact)

    def _makers(self, leaf: Any) -> tuple[int, bool]:
        """The highest tier of who made it, and of who made that one; whether all of them are known."""
        told = leaf.x.get(MAKER) if isinstance(leaf.x, dict) else None
        copy: CopyFact | None = self._memory.get("copy", str(told.get("rid"))) if isinstance(told, dict) else None
        maker: SystemFact | None = self._memory.get("system", copy.system) if copy is not None else None
        return (0, True) if maker is None else (max(maker.tier, maker.makers), maker.whole)

    def _transfer(self, index: int, rid: str, leaf: Any) -> None:
        system: SystemFact | None = self._memory.get("system", leaf.sys)
        if system is not None:
            roles = tuple((r, leaf.new if (r, p) == (leaf.role, leaf.old) else p) for r, p in system.roles)
            self._memory.put("system", leaf.sys, structs.replace(system, roles=roles, sold=True))

    def _copy(self, index: int, rid: str, leaf: Any) -> None:
        if leaf.st != "end":
            self._memory.put("copy", rid, CopyFact(index=index, system=leaf.sys, pub=leaf.pub))
            self._memory.put("copy_id", leaf.id, NameFact(index=index, rid=rid))
            return
        named: NameFact | None = self._memory.get("copy_id", leaf.id)
        running: CopyFact | None = self._memory.get("copy", named.rid) if named else None
        if named is None or running is None:
            self._find("monitor.unregistered", leaf.t, index, rid, kind="copy", member="id")
        elif not running.end:
            self._memory.put("copy", named.rid, structs.replace(running, end=index))

    def _warrant(self, index: int, rid: str, leaf: Any) -> None:
        copy: CopyFact | None = self._memory.get("copy", leaf.cpy)
        if copy is not None and copy.system != leaf.sys:
            self._find("monitor.unwarranted", leaf.t, index, rid, detail="the warrant's copy is of another system")
        system: SystemFact | None = self._memory.get("system", leaf.sys)
        if system is not None:
            if leaf.tier != system.tier or not set(leaf.wld) <= set(system.worlds):
                self._find(
                    "monitor.unwarranted", leaf.t, index, rid, detail="a warrant beyond its system's registration"
                )
            if order := self._stops.reaching(system, leaf.cpy, leaf.party, leaf.t):
                self._find("monitor.stopped", leaf.t, index, rid, order=order)
        life = life_ms(leaf.tier, tuple(leaf.wld), leaf.crit)
        most = life if (agreed := _envelope(leaf)) is None else min(agreed, LONGEST_MS)
        if leaf.exp > leaf.t + most:
            self._find("monitor.unwarranted", leaf.t, index, rid, detail=f"a warrant that lives longer than {most} ms")
        fact = WarrantFact(
            index=index, system=leaf.sys, party=leaf.party, copy=leaf.cpy, worlds=tuple(leaf.wld), tier=leaf.tier,
            exp=leaf.exp, life=life,
        )  # fmt: skip
        self._memory.put("warrant", rid, fact)

    def _close(self, index: int, rid: str, leaf: Any) -> None:
        if not self._acts.close(index, leaf) and is_rid(leaf.open):
            key = _end_key(leaf.open)
            if self._memory.first([key]).get(key, index) == index:
                self._find("monitor.unregistered", leaf.t, index, rid, kind="open action", member="open")

    def _find(self, code: str, at: int, index: int, rid: str, **params: object) -> None:
        self._findings.append(Finding(code, at, index, rid, params))

    def _taken(self) -> list[Finding]:
        found = sorted(self._findings, key=lambda finding: finding.index or 0)
        self._findings.clear()
        return found


_PLAIN: Final = frozenset({"announce", "reauthorisation", "hold", "grant", "preserve"})
_NEWEST: Final = "newest"
_KINDS: Final = {"leaf": "record"}


def _rid_key(rid: str) -> bytes:
    # 130 bits of its hash, as they stand in its text: decoding base32 would cost more than all other rules.
    return b"r" + rid[:26].encode() if len(rid) == RID_LENGTH and rid.isascii() else b"?" + _digest(rid)


def _envelope(leaf: Any) -> int | None:
    """The bound (ms) that was agreed to for an envelope (`docs/spec/envelope.md`); None for a leaf of none."""
    told = leaf.x.get(ENVELOPE) if leaf.seq == 0 and isinstance(leaf.x, dict) else None
    bound = told.get("bound") if isinstance(told, dict) else None
    return bound if isinstance(bound, int) else None


def _end_key(rid: str) -> bytes:
    return b"e" + _rid_key(rid)


def _names(leaf: Any) -> Iterable[tuple[bytes, str]]:
    """What must stand once in a log, beside the record itself."""
    try:
        yield b"n" + unb64u(leaf.n), "nonce"
    except VerificationError:
        yield b"N" + _digest(leaf.n), "nonce"
    if leaf.k == "system":
        yield b"s" + _digest(leaf.id), "id"
        yield b"#%d" % leaf.num, "registry number"
    elif leaf.k == "copy":
        yield b"c" + leaf.st[:1].encode() + _digest(leaf.id), f"{leaf.st} of the copy"
    elif leaf.k == "warrant":
        yield b"j" + _digest(leaf.jti), "warrant id"
    elif leaf.k == "handle" and leaf.st == "issue":
        yield b"h" + _digest(leaf.dig), "handle"
    elif leaf.k == "close":
        yield _end_key(leaf.open), "end of the action"
    elif leaf.k == "shard":
        yield b"t" + _digest(f"{leaf.size} {leaf.origin}"), "size of the log"


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
