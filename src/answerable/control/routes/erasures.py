# SPDX-License-Identifier: Apache-2.0
"""Erasing what was said in one action or what a person is called, and the legal holds that forbid it."""

from __future__ import annotations

import msgspec

from answerable.control import finishing
from answerable.control.answers import Answer
from answerable.control.commit import carry_out
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.control.subjects import person, subject
from answerable.control.words import Said
from answerable.model.holds import Ballot
from answerable.model.leaves import EraseLeaf, PreserveLeaf
from answerable.model.records import Erasure, LegalHold
from answerable.model.terms import AdminRole, HoldScope
from answerable.model.units import Space
from answerable.privacy import erasure, holds
from answerable.privacy.statements import OFFICERS

_erasure = msgspec.json.Decoder(Erasure).decode
_hold = msgspec.json.Decoder(LegalHold).decode


class GiveErasure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """erase: the leaf with its signatures (`docs/spec/statements.md`), `t` 0; basis: the words that it commits to."""

    erase: EraseLeaf
    basis: Said


class GiveHold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """preserve: the leaf with its signatures, `t` 0; reason: the words that it commits to."""

    preserve: PreserveLeaf
    reason: Said


class ErasureShown(Answer, frozen=True, kw_only=True):
    """gone: whether the bytes are known to be gone; payloads: how many this call erased."""

    erasure: Erasure
    gone: bool
    payloads: int


def _changed(services: Services, record: str) -> list[str]:
    """Leaves with what approvers put in the place of what was asked: it goes with it."""
    holds = services.holds.all() if services.holds is not None else ()
    return [vote.leaf for hold in holds if hold.open == record for vote in hold.votes if vote.dec is Ballot.MODIFY]


async def erase(services: Services, call: Call[GiveErasure]) -> ErasureShown:
    body = call.body
    words = body.basis.of("basis")
    party = services.book.party(body.erase.of)
    if party is not None:
        found = await person(services.reader, services.book, party)
    else:
        found = await subject(services.reader, body.erase.of, beside=_changed(services, body.erase.of))
    done = erasure.find(services.book, found.record)
    if done is None or services.book.raw(Space.ERASING, found.record) is None:
        planned, _ = await carry_out(
            services, lambda: erasure.erase(services.book, body.erase, words, found, services.clock.now_ms())
        )
        done = planned.row
    return await _finish(services, done)


async def finish(services: Services, call: Call[None]) -> list[ErasureShown]:
    """What is recorded as erased and not known to be gone, for whatever failed, is erased now."""
    return [await _finish(services, done) for done in finishing.waiting(services.book)]


async def _finish(services: Services, done: Erasure) -> ErasureShown:
    count = await finishing.finish(services.book, services.ledger, done)
    return ErasureShown(erasure=done, gone=True, payloads=count)


async def erasures(services: Services, call: Call[None]) -> list[ErasureShown]:
    rows = sorted((_erasure(raw) for _, raw in services.book.rows(Space.ERASURES)), key=lambda row: row.at)
    return [
        ErasureShown(erasure=row, gone=services.book.raw(Space.ERASING, row.record) is None, payloads=0) for row in rows
    ]


async def hold(services: Services, call: Call[GiveHold]) -> LegalHold:
    leaf, words = call.body.preserve, call.body.reason.of("reason")
    found = await subject(services.reader, leaf.of) if leaf.scope == HoldScope.RECORD else None
    planned, _ = await carry_out(
        services, lambda: holds.hold(services.book, leaf, words, services.clock.now_ms(), subject=found)
    )
    row: LegalHold = planned.row
    return row


async def lift(services: Services, call: Call[GiveHold]) -> LegalHold:
    leaf, words = call.body.preserve, call.body.reason.of("reason")
    planned, _ = await carry_out(services, lambda: holds.lift(services.book, leaf, words, services.clock.now_ms()))
    row: LegalHold = planned.row
    return row


async def legal_holds(services: Services, call: Call[None]) -> list[LegalHold]:
    return sorted((_hold(raw) for _, raw in services.book.rows(Space.PRESERVED)), key=lambda row: row.at)


ROUTES = (
    Route("GET", "/erasures", AdminRole.VIEWER, erasures, list[ErasureShown], "Every erasure."),
    Route(
        "POST",
        "/erasures",
        AdminRole.OFFICER,
        erase,
        ErasureShown,
        f"Erase what was said in one action, or a person's name, for ever; {OFFICERS} officers sign.",
        GiveErasure,
    ),
    Route(
        "POST",
        "/erasures/finish",
        AdminRole.OFFICER,
        finish,
        list[ErasureShown],
        "End erasures that are recorded and failed on the way.",
    ),
    Route(
        "GET", "/legal-holds", AdminRole.VIEWER, legal_holds, list[LegalHold], "Every legal hold, lifted ones included."
    ),
    Route(
        "POST",
        "/legal-holds",
        AdminRole.OFFICER,
        hold,
        LegalHold,
        "Keep payloads from erasure and expiry; one officer signs.",
        GiveHold,
    ),
    Route(
        "POST",
        "/legal-holds/lift",
        AdminRole.OFFICER,
        lift,
        LegalHold,
        f"Lift a legal hold; {OFFICERS} officers sign.",
        GiveHold,
    ),
)
