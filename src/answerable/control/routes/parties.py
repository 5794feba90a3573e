# SPDX-License-Identifier: Apache-2.0
"""Those who answer: registered, vouched for, proven; and the keys with which parties themselves sign."""

from __future__ import annotations

import msgspec

from answerable.control.answers import Answer, Recorded
from answerable.control.commit import carry_out
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.model.records import PartyKey
from answerable.model.terms import AdminRole
from answerable.model.units import Space
from answerable.registry import describe, find, keys, parties
from answerable.registry.describe import PartyView
from answerable.registry.requests import EnrolKey, ProveParty, RegisterParty, VouchParty, WithdrawKey

_key = msgspec.json.Decoder(PartyKey).decode


class AskChallenge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """party: record id or party id."""

    party: str


class Challenge(Answer, frozen=True, kw_only=True):
    """nonce: to be answered by `ProveParty`; text: the bytes to sign, base64; minutes: how long it is good."""

    party: str
    nonce: str
    text: bytes
    minutes: int


class PartyShown(Answer, frozen=True, kw_only=True):
    """A party, and its keys in force."""

    party: PartyView
    keys: list[PartyKey]


async def listed(services: Services, call: Call[None]) -> list[PartyView]:
    book = services.book
    return [describe.party(book, party.rid) for party in sorted(book.parties(), key=lambda party: party.since)]


async def shown(services: Services, call: Call[None]) -> PartyShown:
    party = find.party(services.book, call.path["party"])
    every = [_key(row) for _, row in services.book.rows(Space.PARTY_KEYS)]
    held = [key for key in every if key.party == party.rid and not key.ended]
    return PartyShown(party=describe.party(services.book, party.rid), keys=held)


async def register(services: Services, call: Call[RegisterParty]) -> Recorded:
    planned, written = await carry_out(
        services, lambda: parties.register(services.book, call.body, services.clock.now_ms())
    )
    return Recorded(rid=planned.rid, id=planned.id, index=written.first, at=written.at)


async def vouch(services: Services, call: Call[VouchParty]) -> Recorded:
    planned, written = await carry_out(
        services, lambda: parties.vouch(services.book, call.body, services.clock.now_ms())
    )
    return Recorded(rid=planned.rid, id=planned.id, index=written.first, at=written.at)


async def challenge(services: Services, call: Call[AskChallenge]) -> Challenge:
    planned, _ = await carry_out(
        services, lambda: parties.challenge(services.book, call.body.party, services.clock.now_ms())
    )
    party = find.party(services.book, call.body.party)
    return Challenge(
        party=party.rid,
        nonce=planned.rid,
        text=parties.challenge_text(services.origin, party, planned.rid),
        minutes=parties.CHALLENGE_MINUTES,
    )


async def prove(services: Services, call: Call[ProveParty]) -> Recorded:
    planned, written = await carry_out(
        services,
        lambda: parties.prove(services.book, call.body, services.clock.now_ms(), anchors=services.anchors),
    )
    return Recorded(rid=planned.rid, id=planned.id, index=written.first, at=written.at)


async def enrol_key(services: Services, call: Call[EnrolKey]) -> Recorded:
    planned, written = await carry_out(
        services, lambda: keys.enrol(services.book, call.body, services.clock.now_ms(), by=call.by.rid)
    )
    return Recorded(rid=planned.rid, id=planned.id, index=written.first, at=written.at)


async def withdraw_key(services: Services, call: Call[WithdrawKey]) -> Recorded:
    planned, written = await carry_out(
        services, lambda: keys.withdraw(services.book, call.body, services.clock.now_ms(), by=call.by.rid)
    )
    return Recorded(rid=planned.rid, id=planned.id, index=written.first, at=written.at)


ROUTES = (
    Route("GET", "/parties", AdminRole.VIEWER, listed, list[PartyView], "Every party."),
    Route("GET", "/parties/{party}", AdminRole.VIEWER, shown, PartyShown, "One party, and its keys in force."),
    Route("POST", "/parties", AdminRole.OPERATOR, register, Recorded, "Register a party.", RegisterParty),
    Route(
        "POST",
        "/parties/vouch",
        AdminRole.OPERATOR,
        vouch,
        Recorded,
        "A registrar vouches for a party; the registrar's own key signs.",
        VouchParty,
    ),
    Route(
        "POST",
        "/parties/challenge",
        AdminRole.OPERATOR,
        challenge,
        Challenge,
        "Ask for a challenge, to prove a party's identifier.",
        AskChallenge,
    ),
    Route(
        "POST",
        "/parties/prove",
        AdminRole.OPERATOR,
        prove,
        Recorded,
        "Answer a challenge with the key of a certificate that names the identifier.",
        ProveParty,
    ),
    Route(
        "POST",
        "/parties/keys",
        AdminRole.ADMINISTRATOR,
        enrol_key,
        Recorded,
        "Enrol a key with which a party signs.",
        EnrolKey,
    ),
    Route(
        "POST",
        "/parties/keys/withdraw",
        AdminRole.ADMINISTRATOR,
        withdraw_key,
        Recorded,
        "End a party's key.",
        WithdrawKey,
    ),
)
