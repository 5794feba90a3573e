# SPDX-License-Identifier: Apache-2.0
"""The two leaves of one action: `open` before anything happens, `close` when it has ended (`docs/spec/leaves.md`).

Commitments alone stand in the leaves; what they hide goes into the same unit of work as payloads, under fresh salts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Final

import msgspec
from msgspec import UNSET

from answerable.crypto.random import leaf_nonce, salt, salts
from answerable.errors import Refused, Unavailable
from answerable.log.commitment import commit
from answerable.log.leaf import OpenForm, encode_own, rid
from answerable.model.actions import Action, Chunk, Decision, Spent
from answerable.model.holds import Hold
from answerable.model.labels import WordsMark
from answerable.model.leaves import CloseLeaf, Commitments, OpenLeaf, Usage
from answerable.model.media import LabelledMedium
from answerable.model.terms import Outcome, Role, Ruling
from answerable.model.units import Drop, Expect, Lane, Payload, Put, Rider, Space, Unit
from answerable.model.warrants import Bearer
from answerable.pipeline.clearances import Clearance
from answerable.pipeline.deps import Deps
from answerable.pipeline.errands import Errand, Sent
from answerable.pipeline.found import kept_tags, principal_tag, tags
from answerable.pipeline.riders import Closing, Opening, joined
from answerable.policy.combine import digest
from answerable.ports import Metering, Reservation, Transcript

# From here on an act waits until witnesses have seen what is about to be done (`log.md`, "Sequencer").
WITNESSED_TIER: Final = 3
# Of a close leaf: what was done for a mark in the words that left (`docs/spec/label.md`).
WORDS: Final = "answerable.words"
# And what was made beside words: {"images": so many, "ms": of sound and film}.
MADE: Final = "answerable.made"

Ask = Callable[[str, int], Rider]  # (rid of the open leaf, ms UTC) -> what joins its unit


class Stage(Enum):
    NEW = "new"
    OPENED = "opened"
    REFUSED = "refused"
    CLOSED = "closed"


class Record:
    """What is recorded of one action, as it comes to be known.

    rid: record id, "" until the open leaf was handed to the ledger. errand: of a tool call; hold: the approval that it
    uses; reserved: what it may use. sent: how far it got; released: whether anything of the answer left; words: what
    was done for a mark in them.
    """

    __slots__ = (
        "_deps",
        "_expires",
        "_opened",
        "_pieces",
        "_said",
        "_salt_out",
        "_tokens",
        "action",
        "caller",
        "cleared",
        "errand",
        "files",
        "hold",
        "metering",
        "released",
        "reserved",
        "rid",
        "sent",
        "spent",
        "stage",
        "words",
    )

    def __init__(self, action: Action, deps: Deps, transcript: Transcript) -> None:
        self.action = action
        self._deps = deps
        self._said = transcript
        self._tokens: tuple[int, int] | None = None
        self._pieces = 0
        self._opened = self._salt_out = b""
        self._expires: int | None = 0  # ms UTC; 0: as the store says; None: nothing is kept
        self.files: dict[bytes, LabelledMedium] = {}  # by the digest of the file as it came
        self.caller: Bearer | None = None
        self.cleared: Clearance | None = None
        self.errand: Errand | None = None
        self.hold: Hold | None = None
        self.reserved: Reservation | None = None
        self.sent = Sent.NOT
        self.metering: Metering | None = None
        self.spent: Spent | None = None
        self.rid = ""
        self.released = False
        self.words = WordsMark.UNKNOWN
        self.stage = Stage.NEW

    def said(self, chunk: Chunk) -> None:
        """Note a piece that is about to leave."""
        self._said.add(chunk)
        if chunk.usage is not None:
            self._tokens = chunk.usage
        elif chunk.text:
            self._pieces += chunk.pieces

    async def open(self, decision: Decision, error: str = "", ask: Ask | None = None, after: str = "") -> None:
        """Write the open leaf durably; of a high tier, witnessed too. error: the code of a refusal; ask: what joins it
        where people are asked; after: rid of the open leaf that it follows. Raises Unavailable ``log.*``: then nothing
        may happen, and after ``log.unwitnessed`` the leaf stands and is to be closed; Refused ``log.no_quorum``,
        ``hold.*``: nothing was written. Needs `caller`."""
        caller, cleared, action = self.caller, self.cleared, self.action
        if caller is None:
            raise RuntimeError("an open leaf names its caller")
        now = self._deps.clock.now_ms()
        permitted = decision.ruling is Ruling.PERMIT
        salt_in, self._salt_out = salts()
        asked = commit("in", salt_in, action.body)
        salt_pri = who = b""
        if action.principal:
            salt_pri, who = salt(), action.principal.encode()
        beside: Opening | None = None
        if self.errand is not None or self.reserved is not None or self.hold is not None:
            beside = Opening(self, self._deps, now, permitted=permitted)
        plain = beside is None and not (error or who or after or action.hold)
        if plain and cleared is not None and cleared.form is not None:
            leaf = cleared.form.fill(asked, leaf_nonce(), now)
        else:
            named = commit("pri", salt_pri, who) if who else ""
            whole = self._leaf(caller, cleared, decision, error, asked, named, now, after, beside)
            leaf = encode_own(whole)
            if plain and cleared is not None and cleared.kept:
                cleared.form = OpenForm(whole)
        self.rid = rid(leaf)
        payloads: tuple[Payload, ...] = ()
        if (expires := self._keep(caller, cleared, now)) is not None:
            payloads = (Payload(self.rid, "in", salt_in, action.body, (), expires),)
            if who:
                found = (principal_tag(action.principal, self._deps.index_key),)
                payloads += (Payload(self.rid, "pri", salt_pri, who, found, expires),)
        self.stage = Stage.REFUSED
        effects: tuple[Put, ...] = ()
        witnessed = False
        if permitted:
            self.stage = Stage.OPENED
            self._opened = str(now).encode()
            effects = (Put(Space.OPENS, self.rid, self._opened),)
            witnessed = self._tier(caller, cleared) >= WITNESSED_TIER
        unit = Unit((leaf,), effects, (), payloads, Lane.ACTION, witnessed)
        try:
            if ask is not None:
                unit = joined(unit, [ask(self.rid, now)])
            if beside is not None and permitted:
                unit = joined(unit, beside.riders(self.rid))
            await self._deps.ledger.commit(unit)
        except Refused as refused:
            # Nothing was written: what is refused by the ledger itself is recorded as a refusal.
            self.rid, self.stage = "", Stage.NEW
            used = self.hold
            self.let_go()
            if refused.code == "log.conflict" and used is not None:
                holds = self._deps.holds
                changed = holds.void(used) if holds is not None else ""
                raise Refused(changed or "hold.spent", hold=used.rid) from None  # or an approver's key was withdrawn
            raise
        except Unavailable as failed:
            if failed.code == "log.full":  # nothing was written here either; of other failures nobody knows
                self.rid, self.stage = "", Stage.NEW
                self.let_go()
            raise

    def let_go(self) -> None:
        """Nothing was written, and nothing will be: what was reserved counts no more."""
        if self.reserved is not None:
            self.reserved.let_go()
            self.reserved = None
        self.hold = None

    def _tier(self, caller: Bearer, cleared: Clearance | None) -> int:
        """That the action was decided at; of one that was not, that its caller is judged at."""
        return cleared.tier if cleared is not None else self._deps.tier_of(caller.system)

    def _keep(self, caller: Bearer, cleared: Clearance | None, now: int) -> int | None:
        """Until when what is said is kept, for the close leaf too."""
        if (keep := self._deps.keep) is not None:
            self._expires = keep(self.action, caller.system, self._tier(caller, cleared), now)
        return self._expires

    def _leaf(
        self,
        caller: Bearer,
        cleared: Clearance | None,
        decision: Decision,
        error: str,
        asked: str,
        named: str,
        now: int,
        after: str,
        beside: Opening | None,
    ) -> OpenLeaf:
        """asked, named: the commitments to the request and to the principal, "" for none."""
        action, model = self.action, cleared.model if cleared is not None else None
        follows = after or (self.hold.open if self.hold is not None else self._named(caller))
        return OpenLeaf(
            act=action.act,
            c=Commitments(ctx=(beside.commitment if beside is not None else "") or UNSET, in_=asked),
            dec=decision.ruling,
            err=error or UNSET,
            n=leaf_nonce(),
            par=[follows] if follows else [],
            party=caller.system.party(Role.DEPLOYER),
            pol=cleared.policy if cleared is not None else digest(self._deps.policies),
            pri=named or UNSET,
            rule=decision.rule,
            sys=caller.system.rid,
            t=now,
            tier=self._tier(caller, cleared),
            via=model.system.rid if model else UNSET,
            vwar=model.warrant.grant if model else UNSET,
            war=caller.warrant.grant,
            wld=action.world if self.errand is None else self.errand.world,
            x=(beside.told if beside is not None else None) or UNSET,
        )

    def _named(self, caller: Bearer) -> str:
        """rid of the open leaf that the caller says this call repeats, as far as that is its own."""
        if not self.action.hold or self._deps.holds is None:
            return self.action.hold
        known = self._deps.holds.get(self.action.hold)
        return known.open if known is not None and known.system == caller.system.rid else ""

    async def close(self, outcome: Outcome, error: str = "") -> None:
        """Write the close leaf durably. It stands in the queue behind its open leaf, so an `open` that was cancelled
        while it waited is closed too; one that was never accepted makes this unit a conflict, which is then the right
        end."""
        self.stage = Stage.CLOSED
        files = tuple(self.files.values())
        body = (self._said.body(files) if files else self._said.body()) if self.released else b""
        if self.metering is not None:
            # An answer that was cut tells no usage: the pieces that left are counted, a token each at the least.
            tokens_in, tokens_out = self._tokens or (0, self._pieces)
            self.spent = made(self.metering.spent(tokens_in, tokens_out), files)
            whole = self.sent is Sent.ANSWERED  # before that a usage is the usage so far: of one choice, of some words
            if self.reserved is not None and (self._tokens is None or not whole):
                self.spent = msgspec.structs.replace(self.spent, told=False, whole=whole)
        beside: Closing | None = None
        told: dict[str, Any] = {WORDS: str(self.words)} if body and self.words else {}
        if self.spent is not None and (self.spent.images or self.spent.speech_ms):
            told[MADE] = {"images": self.spent.images, "ms": self.spent.speech_ms}
        if self.errand is not None or self.reserved is not None:
            beside = Closing(self, outcome)
            told |= beside.told
        leaf = encode_own(
            CloseLeaf(
                c=Commitments(out=commit("out", self._salt_out, body)) if body else UNSET,
                err=error or UNSET,
                n=leaf_nonce(),
                open=self.rid,
                st=outcome,
                t=self._deps.clock.now_ms(),
                u=_usage(self.spent) if self.spent is not None else UNSET,
                x=told or UNSET,
            )
        )
        payloads: tuple[Payload, ...] = ()
        if body and self._expires is not None:
            found = tags(self._said.texts(), self._deps.index_key)
            if files:
                found += tuple(dict.fromkeys([tag for file in files for tag in _tags_of(file, self._deps.index_key)]))
            payloads = (Payload(rid(leaf), "out", self._salt_out, body, found, self._expires),)
        opens = Space.OPENS
        unit = Unit((leaf,), (Drop(opens, self.rid),), (Expect(opens, self.rid, self._opened),), payloads)
        try:
            await self._deps.ledger.commit(unit if beside is None else joined(unit, beside.riders))
        except Refused:
            self.let_go()  # its open leaf was never written
            raise
        if self.errand is not None and self.errand.run is not None and self.sent is Sent.ANSWERED and body:
            self.errand.run.content = body  # for who waits for the same


def made(spent: Spent, files: Sequence[LabelledMedium]) -> Spent:
    """With the pictures, and the milliseconds of sound and film, that stand in the answer."""
    if not files:
        return spent
    return msgspec.structs.replace(
        spent,
        images=sum(file.media.startswith("image/") for file in files),
        speech_ms=sum(file.played_ms for file in files),
    )


def _tags_of(file: LabelledMedium, key: bytes) -> tuple[bytes, ...]:
    return kept_tags(
        key,
        (file.digest, file.before),
        content=file.content,
        prints=file.prints,
        sketch=file.sketch,
        watermark=file.watermark,
    )


def _usage(spent: Spent) -> Usage:
    return Usage(
        cost=spent.cost_micro if spent.currency else UNSET,
        cur=spent.currency or UNSET,
        in_=spent.tokens_in,
        mj=spent.energy_mj,
        mjk=spent.energy_measure,
        ms=spent.duration_ms,
        out=spent.tokens_out,
    )
