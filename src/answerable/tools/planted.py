# SPDX-License-Identifier: Apache-2.0
"""Holds that ought to be rejected, mixed among the real ones: who approves them does not look
(`docs/spec/approval.md`).

A planted hold looks like a real one of the same caller and tool until it is decided, is found by no call, and runs
never. Its leaf committed to what it was when it was made; once it is decided, or over, that is opened in the log, so
nobody can call a hold planted that was not.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import msgspec
from msgspec import UNSET

from answerable.crypto.b64 import unb64u
from answerable.crypto.random import nonce, opaque_id, salt
from answerable.errors import Refused, VerificationError
from answerable.log.commitment import check, commit
from answerable.log.leaf import encode, rid
from answerable.model.holds import Hold
from answerable.model.leaves import Commitments, HoldLeaf, OpenLeaf, PlantedLeaf
from answerable.model.terms import AdminRole
from answerable.model.units import Lane, Payload, Space, Unit
from answerable.ports import Directory
from answerable.tools import exact
from answerable.tools.holds import GROUP, KEPT_MS, KIND, SPENDS, Holds, written
from answerable.tools.planned import put, unchanged

REASON: Final = "reason"
MAX_WHY: Final = 500
Z: Final = 1.959963984540054  # of the normal distribution: 95 % lie within
# Who, as far as 95 in 100 such records tell, lets more than half of what ought to be rejected through.
WAVES_BELOW: Final = 0.5


@dataclass(frozen=True, slots=True)
class Sown:
    """A planted hold that is ready to be committed. rid: of the hold leaf."""

    unit: Unit
    rid: str
    row: Hold


@dataclass(frozen=True, slots=True)
class Like:
    """A real hold, after which another is made. leaf: as it was asked, whatever approvers changed since; opened: its
    open leaf; shown: its exact call."""

    hold: Hold
    leaf: HoldLeaf
    opened: OpenLeaf
    shown: bytes


def plant(
    holds: Holds,
    real: Like,
    arguments: Any,
    why: str,
    now_ms: int,
    *,
    policy: str,
    by: str = "",
    tag: Callable[[str], bytes] | None = None,
) -> Sown:
    """Plan a hold like a real one, with other arguments. why: why it ought to be rejected; policy: digest of the policy
    of now; by: rid of the key leaf of who plants it, "" for the service itself; tag: by which a record is found that
    was asked for on somebody's behalf.

    Raises Refused ``hold.malformed|unkept``, ``hold.registered`` where nobody could ask for the real one any more.
    """
    if not holds.kept:
        raise Refused("hold.unkept")
    like, opened, shown = real.hold, real.opened, real.shown
    if changed := holds.void(like):
        raise Refused(changed, hold=like.rid)
    if like.planted:
        raise Refused("hold.malformed", detail="a hold that was planted itself")
    text = unicodedata.normalize("NFC", why).strip()
    if not 0 < len(text) <= MAX_WHY or any(unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        raise Refused("hold.malformed", detail=f"a reason that is not 1 to {MAX_WHY} printable characters")
    try:
        data = exact.with_arguments(shown, arguments)
    except VerificationError:
        raise Refused("hold.malformed", detail="arguments that are not JSON") from None
    if data == shown:
        raise Refused("hold.malformed", detail="the arguments of the real one")
    asked, drawn, worded, named = salt(), salt(), salt(), salt()
    body, words = exact.request(data), text.encode()
    # Shown to whoever may read the record, as of a real one: one that nobody could open would give it away.
    principal = str(exact.read(shown)["principal"]) if opened.pri is not UNSET else ""
    who = commit("pri", named, principal.encode()) if principal else _unknown("pri")
    hidden = Commitments(in_=commit("in", asked, body), ctx=_unknown("ctx") if opened.c.ctx is not UNSET else UNSET)
    extensions: Any = {} if opened.x is UNSET else opened.x
    more = {name: value for name, value in extensions.items() if name != SPENDS}
    leaf = encode(
        msgspec.structs.replace(
            opened, c=hidden, n=nonce(), par=[], pol=policy, t=now_ms, x=more or UNSET,
            pri=who if opened.pri is not UNSET else UNSET,
        )
    )  # fmt: skip
    record, end = rid(leaf), now_ms + holds.expires_ms
    kind = json.dumps({"by": by, "planted": True, "reason": commit(REASON, worded, words)}).encode()
    posed = written(
        Hold(
            rid="", open=record, act=like.act, system=like.system, via=like.via, rule=like.rule,
            dig=exact.digest(drawn, data), pol=policy, people=real.leaf.need,
            roles=tuple(AdminRole(role) for role in real.leaf.roles), at=now_ms, exp=end,
            call=record, copy=like.copy, server=like.server, tool=like.tool,
            planted=True, reg=like.reg,
        ),
        kind,
    )  # fmt: skip
    payloads = (
        Payload(record, "in", asked, body, (), end + KEPT_MS),
        Payload(record, exact.GROUP, drawn, data, (), end + KEPT_MS),
        Payload(posed.rid, REASON, worded, words),
        *posed.rider.payloads,
    )
    if principal:
        tags = (tag(principal),) if tag is not None else ()
        payloads += (Payload(record, "pri", named, principal.encode(), tags, end + KEPT_MS),)
    unit = Unit((leaf, *posed.rider.leaves), posed.rider.effects, posed.rider.expect, payloads, Lane.ACTION)
    return Sown(unit, posed.rid, posed.hold)


def _unknown(group: str) -> str:
    """A commitment of that group to nothing that anybody knows."""
    return commit(group, salt(), opaque_id().encode())


def is_planted(leaf: HoldLeaf, opened: PlantedLeaf) -> bool:
    """Whether that hold leaf committed to having been planted, as `opened` says. Anybody can tell: it takes the two
    leaves alone. Raises VerificationError ``log.commitment`` for an opening that the commitment is not to."""
    committed = leaf.x.get(KIND) if isinstance(leaf.x, dict) else None
    body = opened.kind.encode()
    check(committed if isinstance(committed, str) else "", GROUP, unb64u(opened.salt), body)
    return bool(says_planted(opened.kind))


def says_planted(kind: str) -> bool:
    """Whether the payload of such a commitment says so."""
    try:
        told: Any = json.loads(kind)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("planted") is True


def over(holds: Holds, now_ms: int) -> list[Hold]:
    """Planted holds that ended undecided and were not opened yet."""
    found = (holds.get(rid) for rid in holds.tally().unopened(now_ms))
    return [hold for hold in found if hold is not None]


def close(directory: Directory, hold: Hold, leaf: bytes) -> Unit:
    """The unit that opens such a hold. leaf: as `votes.opening` makes it."""
    row = msgspec.structs.replace(hold, opened=rid(leaf))
    return Unit((leaf,), (put(Space.HELD, row.rid, row),), (unchanged(directory, Space.HELD, row.rid),))


@dataclass(frozen=True, slots=True)
class Record:
    """How one person decided. approved, rejected, passed: of real holds, and of planted ones not yet opened; passed:
    escalated or modified. planted: opened ones that the person decided about; caught: rejected of them; low, high: 95 %
    interval of the share caught (Wilson); waves: the person lets most of what ought to be rejected through."""

    person: str
    name: str
    approved: int
    rejected: int
    passed: int
    planted: int
    caught: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Of the planted holds, how many were caught; 0 where there were none."""
        return self.caught / self.planted if self.planted else 0.0

    @property
    def waves(self) -> bool:
        return self.planted > 0 and self.high < WAVES_BELOW


def record(holds: Holds) -> list[Record]:
    """Everybody who ever decided about a hold, by name. One decision a person and hold: the last one."""
    rows = []
    for person, sums in holds.tally().people():
        admin = holds.directory.admin(sums.key)
        low, high = wilson(sums.caught, sums.planted)
        rows.append(
            Record(
                person=person, name=admin.name if admin else person, approved=sums.approved, rejected=sums.rejected,
                passed=sums.passed, planted=sums.planted, caught=sums.caught, low=low, high=high,
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: (row.name, row.person))


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927); (0, 1) where nothing was counted."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, Z * Z
    middle = share + square / (2 * of)
    spread = Z * sqrt(share * (1 - share) / of + square / (4 * of * of))
    whole = 1 + square / of
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)
