# SPDX-License-Identifier: Apache-2.0
"""What came back of an order: who confirmed it by a signed receipt, whose last warrant has ended, and who is left.

A copy is confirmed by its own signed word, or that of the gateway node that holds it. It is expired once no warrant
that this registry signed can admit anything any more, by wall clock and by monotonic clock, with all that clocks may
differ by. Until one of the two it is unknown. Copies outside our hands are not among them: no figure adds the rings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from answerable.admission import receipts
from answerable.admission.bound import Bound, Clocks, bound_of
from answerable.admission.clocks import MAX_ERROR_MS
from answerable.admission.receipts import Receipt, StopState
from answerable.admission.stopset import StopSet
from answerable.admission.ttl import LifeClass, life_class
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused
from answerable.log.leaf import encode, rid
from answerable.model.leaves import ReceiptLeaf
from answerable.model.records import Confirmed, Copy, Node, OnSite, Stop, System
from answerable.model.units import Expect, Put, Space, Unit
from answerable.ports import Directory
from answerable.stops.orders import find

# A copy may run anywhere: both wall clocks may be off by as much as is let pass.
ANYWHERE: Final = Clocks(issuer_error_ms=MAX_ERROR_MS, holder_error_ms=MAX_ERROR_MS)
_RANK: Final = {state.value: rank for rank, state in enumerate(StopState)}
STOPPED: Final = frozenset({StopState.STOPPED.value, StopState.SEALED.value})

_encode: Final = msgspec.json.Encoder().encode
_row: Final = msgspec.json.Decoder(Confirmed).decode

Ends = Callable[[str], int]
"""rid of a copy -> wall clock, ms, at which the last warrant ends that the issuer signed for it; 0 for none known."""

Life = Callable[[LifeClass], int]
"""ms that an issuer's warrants of a class live."""


def longest(row: LifeClass) -> int:
    """What a holder takes at most."""
    return row.max_ms


@dataclass(frozen=True, slots=True)
class Planned:
    """unit: None where the receipt is known already; then `row` is what was recorded."""

    unit: Unit | None
    row: Confirmed


@dataclass(frozen=True, slots=True)
class Waiting:
    """A copy that neither confirmed nor expired. until: ms UTC, when its last warrant has ended by both rules."""

    copy: Copy
    state: str
    until: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Ring A of one order: how many of its copies confirmed, expired without a word, and are left. violations: holders
    whose own word is of an action after the bound; last: the latest action of all that was told, ms UTC."""

    stop: Stop
    copies: int
    confirmed: int
    expired: int
    waiting: tuple[Waiting, ...]
    violations: tuple[Confirmed, ...]
    last: int
    until: int  # when the last of `waiting` has expired, 0 where none waits

    @property
    def unknown(self) -> int:
        return len(self.waiting)


def key(order: str, holder: str, state: str) -> str:
    return f"{order}:{holder}:{state}"


def told(leaf: ReceiptLeaf, name: str) -> Put:
    """The row of a receipt leaf."""
    row = Confirmed(
        rid=name,
        order=leaf.order,
        holder=leaf.own,
        state=leaf.st,
        received=leaf.rcv,
        last=leaf.last,
        in_flight=leaf.fly,
        at=leaf.t,
    )
    return Put(Space.CONFIRMED, key(row.order, row.holder, row.state), _encode(row))


def plan(directory: Directory, data: bytes, origin: str, now_ms: int) -> Planned:
    """Plan the record of a receipt: once for each order, holder and state, forward only.

    Raises VerificationError ``order.receipt``; Refused ``stop.order_unknown``, ``order.backwards``, and
    ``relay.holder`` where the order does not reach who signed.
    """
    seen = receipts.peek(data)
    stop = find(directory, seen.order)
    known = directory.raw(Space.CONFIRMED, key(seen.order, seen.holder, seen.stop_state))
    if known is not None:
        return Planned(None, _row(known))
    receipt = receipts.read(data, {seen.holder: _key_of(directory, stop, seen)}, origin)
    for state in StopState:
        if directory.raw(Space.CONFIRMED, key(receipt.order, receipt.holder, state)) is not None:
            receipts.follows(state, receipt.stop_state)
    leaf = receipt.leaf(now_ms)
    encoded = encode(leaf)
    put = told(leaf, rid(encoded))
    unit = Unit(leaves=(encoded,), effects=(put,), expect=(Expect(Space.CONFIRMED, put.key, None),))
    return Planned(unit, _row(put.value))


def standing(
    directory: Directory, order: str, ends: Ends, started_ms: int, now_ms: int, life: Life = longest
) -> Standing:
    """How far the order with that rid has come. started_ms: since when `ends` knows what is signed; life: what this
    registry's issuer gives, before that too.

    Raises Refused ``stop.order_unknown``.
    """
    stop = find(directory, order)
    words, onsite = _words(directory, order), _onsite(directory, stop)
    confirmed = expired = copies = 0
    waiting: list[Waiting] = []
    violations: list[Confirmed] = []
    for copy, system in reached(directory, stop):
        copies += 1
        said = [word for holder in (copy.rid, copy.node) if holder for word in words.get(holder, ())]
        whole = _bound(system)
        envelope = onsite.get(system.rid, 0)
        latest = max(stop.at + whole.admission, envelope)
        violations += [word for word in said if word.last > latest and word not in violations]
        if any(word.state in STOPPED for word in said):
            confirmed += 1
            continue
        older = started_ms + life(_row_of_lives(system))
        until = max(_end(stop, copy, whole, ends(copy.rid), started_ms, older), envelope)
        if now_ms >= until:
            expired += 1
        else:
            state = max((word.state for word in said), key=_RANK.__getitem__, default="")
            waiting.append(Waiting(copy, state, until))
    return Standing(
        stop=stop,
        copies=copies,
        confirmed=confirmed,
        expired=expired,
        waiting=tuple(waiting),
        violations=tuple(violations),
        last=max((word.last for each in words.values() for word in each), default=0),
        until=max((each.until for each in waiting), default=0),
    )


def state_of(directory: Directory, order: str, holder: str) -> str:
    """The furthest state that a holder told of an order, "" for none."""
    told = [state.value for state in StopState if directory.raw(Space.CONFIRMED, key(order, holder, state)) is not None]
    return told[-1] if told else ""


def reached(directory: Directory, stop: Stop) -> Iterable[tuple[Copy, System]]:
    """The copies that could act when the order came, by the very function that admits: running then, and reached."""
    alone = _alone(stop)
    for _, raw in directory.rows(Space.COPIES):
        copy = _copy(raw)
        system = directory.system(copy.system)
        if system is not None and copy.since <= stop.at and not 0 < copy.ended < stop.at and _hit(alone, copy, system):
            yield copy, system


def reaches(directory: Directory, stop: Stop) -> Callable[[Copy], bool]:
    """Whether the order reaches a copy, whatever became of the order since."""
    alone = _alone(stop)

    def hit(copy: Copy) -> bool:
        system = directory.system(copy.system)
        return system is not None and _hit(alone, copy, system)

    return hit


def _alone(stop: Stop) -> StopSet:
    return StopSet.of([msgspec.structs.replace(stop, released="", until=0)])


def _hit(alone: StopSet, copy: Copy, system: System) -> bool:
    numbers = tuple(sorted((*system.ancestors, system.num)))
    return bool(
        alone.blocks(copy=copy.rid, numbers=numbers, party="", worlds=system.worlds, now_ms=0)
        or alone.blocks_parties((entry.party for entry in system.parties), 0)
    )


def _key_of(directory: Directory, stop: Stop, receipt: Receipt) -> bytes:
    """The registered key of whoever says it is its receipt. Raises Refused ``relay.holder``."""
    copy = directory.copy(receipt.holder)
    if copy is not None and copy.rid == receipt.holder:
        system = directory.system(copy.system)
        if system is not None and _hit(_alone(stop), copy, system):
            return unb64u(copy.key)
    raw = directory.raw(Space.NODES, receipt.holder)
    if raw is not None and not (node := _node(raw)).ended:
        return unb64u(node.key)
    raise Refused("relay.holder", order=stop.rid)


def _words(directory: Directory, order: str) -> dict[str, list[Confirmed]]:
    found: dict[str, list[Confirmed]] = {}
    for name, raw in directory.rows(Space.CONFIRMED):
        if name.startswith(order):
            word = _row(raw)
            found.setdefault(word.holder, []).append(word)
    return found


def _onsite(directory: Directory, stop: Stop) -> dict[str, int]:
    """rid of a system -> ms UTC, when the last envelope ends under which an on-site issuer signs for it, clock errors
    included: no order shortens one where no word of it comes."""
    found: dict[str, int] = {}
    errors = ANYWHERE.issuer_error_ms + ANYWHERE.holder_error_ms
    for _, raw in directory.rows(Space.ENVELOPES):
        row = _envelope(raw)
        if row.since <= stop.at:
            found[row.system] = max(found.get(row.system, 0), row.expires + errors)
    return found


def _row_of_lives(system: System) -> LifeClass:
    return life_class(system.tier, system.worlds, system.criticality)


def _bound(system: System) -> Bound:
    return bound_of(_row_of_lives(system), ANYWHERE, longest=True)


def _end(stop: Stop, copy: Copy, whole: Bound, signed_ms: int, started_ms: int, older_ms: int) -> int:
    """When no warrant of the copy admits any more. What was signed before this issuer began has ended at `older_ms`;
    nothing is signed later than D after the order; nothing at all was signed before the copy was there."""
    older_ms = older_ms if copy.since < started_ms else 0
    allowed = whole.admission - ANYWHERE.view_ms - whole.ttl
    return min(stop.at + whole.admission, max(older_ms, signed_ms) + allowed)


_copy: Final = msgspec.json.Decoder(Copy).decode
_envelope: Final = msgspec.json.Decoder(OnSite).decode
_node: Final = msgspec.json.Decoder(Node).decode
