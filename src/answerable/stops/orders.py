# SPDX-License-Identifier: Apache-2.0
"""Suspend, terminate, release: plans over statements that officers, authorities or owners signed.

One officer suspends at once; the second turns it into a termination. A lone suspension of ordinary systems lapses after
15 minutes; any other stays until two people release it. Where three must terminate, two may do so under a staged plan:
everything reached stood suspended for as long as the suspension said. An authority's order is ended by itself alone. A
termination is latched: it survives restarts, nothing ends it, and what is derived from its root later is born dead.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import UNSET

from answerable.admission.stopset import in_force
from answerable.crypto.random import nonce as fresh
from answerable.errors import Refused
from answerable.log.leaf import encode, rid
from answerable.model.leaves import Leaf, OrderLeaf, ReleaseLeaf
from answerable.model.records import Stop
from answerable.model.terms import OrderKind, Scope
from answerable.model.units import SYSTEM_NUMBER, Expect, Lane, Put, Space, Unit
from answerable.ports import Directory
from answerable.stops.closure import Reached, reached, summary
from answerable.stops.officers import Signed, authorities_behind, by_owners, current, detector, in_office, signed
from answerable.stops.owners import narrowed
from answerable.stops.planned import Planned, Reason, change_of, encode_row, next_epoch, spend
from answerable.stops.preview import OFFICERS, PAUSE_MS, Preview, preview, preview_of

# How often one officer alone may suspend a root within a day by suspensions that lapse.
LONE_SUSPENSIONS_A_DAY: Final = 4
DAY_MS: Final = 86_400_000
# Digests that stand in the leaf itself; a longer list stands there by its hash, whole in the registry's row.
MAX_INLINE_DIGESTS: Final = 32
# The extension of a suspension that is the first stage of a plan: {"pause": ms}.
PLAN: Final = "answerable.plan"
MAX_PAUSE_MS: Final = 7 * DAY_MS

__all__ = ["Preview", "find", "preview", "release", "release_statement", "statement", "suspend", "terminate"]


def statement(
    directory: Directory,
    *,
    kind: OrderKind,
    root: str,
    reason: Reason,
    scope: Scope = Scope.LINEAGE,
    prev: str = "",
    nonce: str = "",
    pause_ms: int = 0,
) -> OrderLeaf:
    """What officers sign (`log.statement.sign`): the order with its root by rid. prev: rid of the suspension that a
    termination completes; pause_ms: makes a suspension the first stage of a plan. Raises Refused
    ``stop.root_unknown``."""
    hit = reached(directory, root, scope)
    return OrderLeaf(
        c=reason.commitments,
        dig=[],
        kind=kind.value,
        n=nonce or fresh(),
        prev=prev or UNSET,
        root=hit.root,
        scope=scope.value,
        sigs=[],
        t=0,
        x={PLAN: {"pause": pause_ms}} if pause_ms else UNSET,
    )


def suspend(directory: Directory, order: OrderLeaf, reason: Reason, now_ms: int) -> Planned[Stop]:
    """Plan a suspension, signed by one officer or more, by an authority, or by enough owners. By one officer, over
    systems of tiers 0 and 1 in the information world, it lapses after 15 minutes; by two, or over anything else, it
    stays until two release it.

    Raises Refused ``stop.malformed|root_unknown|signature|not_officer|officers|cap|replayed``, ``officer.not_listed|
    owners|owners_scope``.
    """
    hit, by = _read(directory, order, reason, OrderKind.SUSPEND)
    if order.prev is not UNSET:
        raise Refused("stop.malformed", detail="a suspension that names one before it")
    until = 0
    if len(by.officers) == 1 and not by.authorities and (lapses := preview_of(directory, hit).lapses_ms):
        machine = detector(directory)
        theirs = (stop for stop in directory.stops() if stop.root == hit.root and machine not in stop.officers)
        recent = sum(stop.until > 0 and stop.at > now_ms - DAY_MS for stop in theirs)
        if recent >= LONE_SUSPENSIONS_A_DAY:
            raise Refused("stop.cap", root=hit.root, cap=recent)
        until = now_ms + lapses
    return _planned(directory, order, reason, hit, by, now_ms, until=until)


def terminate(
    directory: Directory, order: OrderLeaf, reason: Reason, now_ms: int, *, count: int | None = None
) -> Planned[Stop]:
    """Plan a termination. Its own signatures and, where it names the suspension that it completes, that one's count:
    two distinct officers, or three where it reaches anything grave or very many, or two under a staged plan. In place
    of officers: an authority with as many keys as the roster asks for, or the owners. Where it is grave, the number of
    copies in `count`, whoever signs.

    Raises as `suspend`, and Refused ``stop.order_unknown|not_suspension|lapsed|other_root|count``, ``officer.staged``.
    """
    hit, by = _read(directory, order, reason, OrderKind.TERMINATE)
    if getattr(order, "x", UNSET) is not UNSET:
        raise Refused("stop.malformed", detail="a termination with a plan of its own")
    before = "" if order.prev is UNSET else order.prev
    needs = preview_of(directory, hit)
    first = _completes(directory, before, hit, by, now_ms) if before else None
    if not by.whole and (by.officers or by.authorities or not by.owners):
        _enough(directory, by, first, needs, now_ms)
    if needs.count and count != len(hit.copies):
        raise Refused("stop.count", count=len(hit.copies))
    return _planned(directory, order, reason, hit, by, now_ms, escalates=before)


def staged_from(stop: Stop) -> int:
    """From when (ms UTC) two may complete a suspension under a staged plan; 0: it has none."""
    return stop.at + stop.pause if stop.pause else 0


def release_statement(order: str, *, nonce: str = "") -> ReleaseLeaf:
    """What two officers sign to release the suspension with rid `order`."""
    return ReleaseLeaf(n=nonce or fresh(), order=order, sigs=[], t=0)


def release(directory: Directory, statement: ReleaseLeaf, now_ms: int) -> Planned[Stop]:
    """Plan the release of a suspension by two distinct officers; of an authority's, by that authority; of the owners'
    own, by the owners. A termination has no release.

    Raises Refused ``stop.order_unknown|not_suspension|lapsed|signature|not_officer|officers|replayed|malformed``,
    ``officer.authority|owners|not_listed``.
    """
    stop = find(directory, statement.order)
    completed = next((other.rid for other in directory.stops() if other.escalates == stop.rid), "")
    if stop.kind != OrderKind.SUSPEND or completed:
        raise Refused("stop.not_suspension", order=completed or stop.rid)
    if not in_force(stop, now_ms):
        raise Refused("stop.lapsed", order=stop.rid)
    plain(statement)
    _may_release(directory, stop, signed(directory, statement, statement.sigs))
    data = encode(msgspec.structs.replace(statement, t=now_ms))
    row = msgspec.structs.replace(stop, released=rid(data), changed=change_of(directory))
    unused, spent = spend(directory, statement.n, now_ms)
    epoch, bump = next_epoch(directory)
    unit = Unit(
        leaves=(data,),
        effects=(Put(Space.STOPS, stop.rid, encode_row(row)), bump, spent),
        expect=(Expect(Space.STOPS, stop.rid, directory.raw(Space.STOPS, stop.rid)), epoch, unused),
        lane=Lane.STOP,
    )
    return Planned(unit, rid(data), row)


def find(directory: Directory, order: str) -> Stop:
    """The order with that rid. Raises Refused ``stop.order_unknown``."""
    for stop in directory.stops():
        if stop.rid == order:
            return stop
    raise Refused("stop.order_unknown", order=order[:64])


def plain(leaf: Leaf) -> None:
    """Raises Refused ``stop.malformed`` for a statement with an extension: this version knows none."""
    if getattr(leaf, "x", UNSET) is not UNSET:
        raise Refused("stop.malformed", detail="an extension that this version does not know")


def _read(directory: Directory, order: OrderLeaf, reason: Reason, kind: OrderKind) -> tuple[Reached, Signed]:
    if order.kind != kind or order.scope not in Scope.__members__.values():
        raise Refused("stop.malformed", detail=f"not a {kind.value} order of a known scope")
    pause_of(order)
    reason.matches(order.c)
    by = signed(directory, order, order.sigs)
    hit = reached(directory, order.root, Scope(order.scope))
    if hit.root != order.root:
        # A name may mean another system tomorrow; what was signed must not.
        raise Refused("stop.malformed", detail="a root that is named and not given by its record id")
    if by.owners and not by.officers and not by.authorities:
        hit = narrowed(hit, by.owners)
    elif not by.officers and not by.authorities:
        raise Refused("stop.officers", need=1, have=0)
    return hit, by


def pause_of(order: OrderLeaf) -> int:
    """The pause of a staged plan, ms; 0 for an order without one. Raises Refused ``stop.malformed`` for any other
    extension."""
    if order.x is UNSET:
        return 0
    plan = order.x.get(PLAN) if set(order.x) == {PLAN} else None
    pause = plan.get("pause") if isinstance(plan, dict) and set(plan) == {"pause"} else None
    if not isinstance(pause, int) or isinstance(pause, bool) or not PAUSE_MS <= pause <= MAX_PAUSE_MS:
        raise Refused("stop.malformed", detail="an extension that this version does not know")
    return pause


def _enough(directory: Directory, by: Signed, first: Stop | None, needs: Preview, now_ms: int) -> None:
    """Raises Refused ``stop.officers``, ``officer.staged`` unless enough people terminate."""
    people = {officer.person for officer in by.officers}
    if first is not None:
        # An order is a suspension until the quorum is there, and who left office meanwhile does not count.
        people |= {officer.person for key in first.officers if (officer := in_office(directory, key)) is not None}
    if len(people) >= needs.officers:
        return
    staged = staged_from(first) if first is not None else 0
    if len(people) < OFFICERS or not staged:
        raise Refused("stop.officers", need=needs.officers, have=len(people))
    if now_ms < staged:
        raise Refused("officer.staged", at=datetime.fromtimestamp(staged / 1000, UTC).isoformat(timespec="seconds"))


def _completes(directory: Directory, before: str, hit: Reached, by: Signed, now_ms: int) -> Stop:
    """The suspension that a termination completes. Raises Refused ``stop.*``."""
    stop = find(directory, before)
    if stop.kind != OrderKind.SUSPEND:
        raise Refused("stop.malformed", detail="it completes what is no suspension")
    if not in_force(stop, now_ms):
        raise Refused("stop.lapsed", order=stop.rid)
    if stop.root != hit.root or stop.scope != hit.scope:
        raise Refused("stop.other_root", order=stop.rid)
    owned = not by.officers and not by.authorities
    if owned and not by_owners(directory, stop.officers):
        # Theirs reaches less: the suspension that it took the place of would hold no more.
        raise Refused("stop.malformed", detail="owners complete what owners began")
    return stop


def _may_release(directory: Directory, stop: Stop, by: Signed) -> None:
    """Raises Refused ``stop.officers``, ``officer.authority|owners`` unless these people may end the suspension."""
    listed = current(directory)
    standing = {each.name for each in listed.auth} if listed is not None else set()
    behind = [name for name in authorities_behind(directory, stop) if name in standing]
    for name in behind:
        if name not in by.authorities:
            raise Refused("officer.authority", name=name)
    if behind:
        return
    if by_owners(directory, stop.officers):
        narrowed(reached(directory, stop.root, Scope(stop.scope)), by.owners)
    elif len(by.officers) < OFFICERS:
        raise Refused("stop.officers", need=OFFICERS, have=len(by.officers))


def _planned(
    directory: Directory,
    order: OrderLeaf,
    reason: Reason,
    hit: Reached,
    by: Signed,
    now_ms: int,
    *,
    until: int = 0,
    escalates: str = "",
) -> Planned[Stop]:
    digests = hit.listed()
    leaf = msgspec.structs.replace(order, dig=inline(digests), t=now_ms, until=until or UNSET)
    data = encode(leaf)
    row = Stop(
        rid=rid(data),
        kind=order.kind,
        scope=order.scope,
        root=hit.root,
        num=hit.num,
        digests=digests,
        twins=hit.twins,
        at=now_ms,
        until=until,
        reason=reason.text,
        officers=by.keys,
        escalates=escalates,
        pause=pause_of(order),
        upto=upto(directory, digests),
        epoch=change_of(directory),
    )
    unused, spent = spend(directory, order.n, now_ms)
    epoch, bump = next_epoch(directory)
    # A system registered meanwhile may hold one of the digests: then the closure is computed anew.
    registered = Expect(Space.COUNTERS, SYSTEM_NUMBER, directory.raw(Space.COUNTERS, SYSTEM_NUMBER))
    unit = Unit(
        leaves=(data,),
        effects=(Put(Space.STOPS, row.rid, encode_row(row)), bump, spent),
        expect=(epoch, registered, unused),
        payloads=(reason.payload(row.rid),),
        lane=Lane.STOP,
    )
    return Planned(unit, row.rid, row)


def inline(digests: tuple[str, ...]) -> list[str]:
    """The digests as an order's leaf holds them: sorted; above 32, one entry ``sha256-list:<n>:<hex>`` with the SHA-256
    of the sorted list, one a line."""
    listed = sorted(digests)
    return listed if len(listed) <= MAX_INLINE_DIGESTS else [summary(digests)]


def upto(directory: Directory, digests: tuple[str, ...]) -> int:
    """The highest registry number, where a row's `digests` are one entry for a list too long for it; else 0."""
    wide = len(digests) == 1 and digests[0].startswith("sha256-list:")
    return int(directory.raw(Space.COUNTERS, SYSTEM_NUMBER) or b"0") if wide else 0
