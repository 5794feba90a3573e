# SPDX-License-Identifier: Apache-2.0
"""The two leaves of one action: `open` before anything happens, `close` when it has ended (`docs/spec/leaves.md`).

Commitments alone stand in the leaves; what they hide goes into the same unit of work as payloads, under fresh salts.
"""

from __future__ import annotations

from enum import Enum

from msgspec import UNSET

from answerable.crypto.random import leaf_nonce, salt
from answerable.log.commitment import commit
from answerable.log.leaf import encode_own, rid
from answerable.model.actions import Action, Chunk, Decision, Spent
from answerable.model.leaves import CloseLeaf, Commitments, OpenLeaf, Usage
from answerable.model.terms import Outcome, Role, Ruling
from answerable.model.units import Drop, Expect, Payload, Put, Space, Unit
from answerable.model.warrants import Bearer
from answerable.pipeline.deps import Deps
from answerable.pipeline.found import tags
from answerable.ports import Metering, Transcript


class Stage(Enum):
    NEW = "new"
    OPENED = "opened"
    REFUSED = "refused"
    CLOSED = "closed"


class Record:
    """What is recorded of one action, as it comes to be known.

    rid: record id, "" until the open leaf was handed to the ledger. released: whether anything of the answer left.
    """

    __slots__ = (
        "_action",
        "_deps",
        "_opened",
        "_pieces",
        "_said",
        "_tokens",
        "caller",
        "metering",
        "model",
        "released",
        "rid",
        "spent",
        "stage",
    )

    def __init__(self, action: Action, deps: Deps, transcript: Transcript) -> None:
        self._action = action
        self._deps = deps
        self._said = transcript
        self._tokens: tuple[int, int] | None = None
        self._pieces = 0
        self._opened = b""
        self.caller: Bearer | None = None
        self.model: Bearer | None = None
        self.metering: Metering | None = None
        self.spent: Spent | None = None
        self.rid = ""
        self.released = False
        self.stage = Stage.NEW

    def said(self, chunk: Chunk) -> None:
        """Note a piece that is about to leave."""
        self._said.add(chunk)
        if chunk.usage is not None:
            self._tokens = chunk.usage
        elif chunk.text:
            self._pieces += 1

    async def open(self, decision: Decision, error: str = "") -> None:
        """Write the open leaf durably. error: the code of a refusal. Raises Unavailable ``log.*``: then nothing was
        recorded and nothing may happen. Needs `caller`."""
        caller, model, action = self.caller, self.model, self._action
        if caller is None:
            raise RuntimeError("an open leaf names its caller")
        now = self._deps.clock.now_ms()
        salt_in = salt()
        payloads = [("in", salt_in, action.body)]
        principal: str | None = None
        if action.principal:
            salt_pri, who = salt(), action.principal.encode()
            principal = commit("pri", salt_pri, who)
            payloads.append(("pri", salt_pri, who))
        leaf = encode_own(
            OpenLeaf(
                act=action.act,
                c=Commitments(in_=commit("in", salt_in, action.body)),
                dec=decision.ruling,
                err=error or UNSET,
                n=leaf_nonce(),
                par=[action.hold] if action.hold else [],
                party=caller.system.party(Role.DEPLOYER),
                pol=self._deps.policy_digest,
                pri=principal if principal is not None else UNSET,
                rule=decision.rule,
                sys=caller.system.rid,
                t=now,
                tier=max(caller.system.tier, model.system.tier) if model else caller.system.tier,
                via=model.system.rid if model else UNSET,
                vwar=model.warrant.grant if model else UNSET,
                war=caller.warrant.grant,
                wld=action.world,
            )
        )
        self.rid = rid(leaf)
        self.stage = Stage.REFUSED
        effects: tuple[Put, ...] = ()
        if decision.ruling is Ruling.PERMIT:
            self.stage = Stage.OPENED
            self._opened = str(now).encode()
            effects = (Put(Space.OPENS, self.rid, self._opened),)
        await self._deps.ledger.commit(
            Unit(
                leaves=(leaf,),
                effects=effects,
                payloads=tuple(Payload(self.rid, group, s, body) for group, s, body in payloads),
            )
        )

    async def close(self, outcome: Outcome, error: str = "") -> None:
        """Write the close leaf durably. It stands in the queue behind its open leaf, so an `open` that was cancelled
        while it waited is closed too; one that was never accepted makes this unit a conflict, which is then the right
        end."""
        self.stage = Stage.CLOSED
        commitments: Commitments | None = None
        salt_out = b""
        body = self._said.body() if self.released else b""
        if body:
            salt_out = salt()
            commitments = Commitments(out=commit("out", salt_out, body))
        if self.metering is not None:
            # An answer that was cut tells no usage: the pieces that left are counted, a token each at the least.
            self.spent = self.metering.spent(*(self._tokens or (0, self._pieces)))
        leaf = encode_own(
            CloseLeaf(
                c=commitments if commitments is not None else UNSET,
                err=error or UNSET,
                n=leaf_nonce(),
                open=self.rid,
                st=outcome,
                t=self._deps.clock.now_ms(),
                u=_usage(self.spent) if self.spent is not None else UNSET,
            )
        )
        payloads: tuple[Payload, ...] = ()
        if body:
            payloads = (Payload(rid(leaf), "out", salt_out, body, tags(self._said.texts(), self._deps.index_key)),)
        await self._deps.ledger.commit(
            Unit(
                leaves=(leaf,),
                effects=(Drop(Space.OPENS, self.rid),),
                expect=(Expect(Space.OPENS, self.rid, self._opened),),
                payloads=payloads,
            )
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
