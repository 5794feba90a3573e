# SPDX-License-Identifier: Apache-2.0
"""Parties, and how well their identifiers are established: declared by themselves, vouched for by a registrar, or
proven by answering a challenge with the key of a certificate that names the identifier.

A party keeps the record id of its first leaf for ever. A leaf that changes its standing names that leaf as `prev`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from answerable.crypto import canonical, certificates
from answerable.crypto.b64 import unb64u
from answerable.crypto.random import nonce
from answerable.errors import Refused, VerificationError
from answerable.log import leaf as leaves
from answerable.model.leaves import PartyLeaf
from answerable.model.records import Party, Record
from answerable.model.terms import PartyKind, Standing
from answerable.model.units import Drop, Expect, Put, Space, Unit
from answerable.ports import Directory
from answerable.registry import find, ids, keys
from answerable.registry.planned import (
    Name,
    Planned,
    check_signature,
    encode_row,
    fresh_nonce,
    fresh_salt,
    name,
    origin,
    public_key,
    put,
    unchanged,
)
from answerable.registry.requests import ProveParty, RegisterParty, VouchParty

CHALLENGE_MINUTES: Final = 10  # long enough for a person with a smart card, short enough not to be found lying about
_RANK: Final = {standing: rank for rank, standing in enumerate(Standing)}


class Challenge(Record, frozen=True, kw_only=True):
    """Row of `Space.CHALLENGES` under its nonce. expires: ms UTC."""

    party: str  # rid
    expires: int


_challenge = msgspec.json.Decoder(Challenge).decode


def register(directory: Directory, request: RegisterParty, now_ms: int) -> Planned:
    """A party as it declares itself. Raises Refused ``party.id|name|taken|is_system``."""
    if request.id.startswith("spiffe:"):
        raise Refused("party.is_system", party=request.id)
    parsed = ids.parse(request.id)
    called = name(request.name)
    if known := directory.party(request.id):
        raise Refused("party.taken", party=known.rid)
    leaf = PartyLeaf(
        c=called.commitments, id=request.id, kind=parsed.kind.value, n=nonce(), std=Standing.DECLARED.value, t=now_ms
    )
    data = leaves.encode(leaf)
    rid = leaves.rid(data)
    row = Party(rid=rid, id=request.id, kind=parsed.kind, name=called.text, standing=Standing.DECLARED, since=now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(put(Space.PARTIES, rid, stored(row)), Put(Space.PARTY_IDS, request.id, rid.encode())),
        expect=(Expect(Space.PARTY_IDS, request.id, None),),
        payloads=(called.payload(rid),),
    )
    return Planned(unit, rid, request.id)


def stored(row: Party) -> Party:
    """As it is kept: rows are never erased, so none holds the name of a natural person."""
    return msgspec.structs.replace(row, name=row.id) if row.kind is PartyKind.PERSON else row


def vouch_statement(party: Party, registrar: Party, *, drawn: str, salt: str, now_ms: int = 0) -> PartyLeaf:
    """The party leaf that the registrar's key signs (`log.statement.to_sign`). drawn: the nonce."""
    called = name(party.name, salted=fresh_salt(salt))
    return _standing(party, called, Standing.VOUCHED, drawn, now_ms, voucher=registrar.rid)


def vouch(directory: Directory, request: VouchParty, now_ms: int) -> Planned:
    """A registrar's word for a party's identifier. The recorded leaf carries the signature as the extension
    ``answerable.sig``.

    Raises Refused ``party.unknown|is_system|key_unknown|not_registrar|self_vouch|standing|nonce|replayed|signature``.
    """
    party = find.party(directory, request.party)
    key = keys.in_force(directory, request.key, "")
    if key.use != keys.REGISTRAR:
        raise Refused("party.not_registrar", party=key.party)
    registrar = find.party(directory, key.party)
    if registrar.rid == party.rid:
        raise Refused("party.self_vouch")
    _stronger(party, Standing.VOUCHED)
    spent, spend = fresh_nonce(directory, request.nonce, now_ms)
    leaf = vouch_statement(party, registrar, drawn=request.nonce, salt=request.salt, now_ms=now_ms)
    check_signature(directory, leaf, public_key(key.key), request.signature)
    signed = msgspec.structs.replace(leaf, x={"answerable.sig": {"key": key.rid, "sig": request.signature}})
    called = name(party.name, salted=fresh_salt(request.salt))
    standing = unchanged(directory, Space.PARTY_KEYS, key.rid)
    return _restand(directory, party, signed, called, now_ms, expect=(spent, standing), effects=(spend,))


def challenge(directory: Directory, party_ref: str, now_ms: int) -> Planned:
    """A nonce for `prove`, good for ten minutes. `rid` is the nonce. Raises Refused ``party.unknown|is_system``."""
    party = find.party(directory, party_ref)
    drawn = nonce()
    row = Challenge(party=party.rid, expires=now_ms + CHALLENGE_MINUTES * 60_000)
    unit = Unit(
        effects=(Put(Space.CHALLENGES, drawn, encode_row(row)),), expect=(Expect(Space.CHALLENGES, drawn, None),)
    )
    return Planned(unit, drawn, party.id)


def challenge_text(where: str, party: Party, drawn: str) -> bytes:
    """The bytes that the certificate's key signs. where: the log's origin."""
    body = canonical.dumps({"id": party.id, "n": drawn, "party": party.rid})
    return b"\x00".join([b"answerable/challenge/v1", where.encode(), body])


def prove(directory: Directory, request: ProveParty, now_ms: int, *, anchors: Sequence[bytes]) -> Planned:
    """A challenge, answered. anchors: DER of the root certificates that the operator trusts; none trusts nobody.

    Raises Refused ``party.unknown|is_system|standing|challenge|certificate``.
    """
    party = find.party(directory, request.party)
    _stronger(party, Standing.PROVEN)
    raw = directory.raw(Space.CHALLENGES, request.challenge)
    pending = _challenge(raw) if raw else None
    if pending is None or pending.party != party.rid or now_ms >= pending.expires:
        raise Refused("party.challenge", minutes=CHALLENGE_MINUTES)
    try:
        chain = [unb64u(text) for text in request.certificates]
        named = certificates.answer(
            chain,
            anchors,
            challenge_text(origin(directory), party, request.challenge),
            unb64u(request.signature),
            now_ms=now_ms,
        )
    except VerificationError as error:
        raise Refused("party.certificate", problem=error.params.get("detail", "it does not verify")) from None
    if party.id not in named.identifiers:
        raise Refused("party.certificate", problem="its subject does not hold this identifier")
    called = name(party.name)
    leaf = msgspec.structs.replace(_standing(party, called, Standing.PROVEN, nonce(), now_ms), crt=named.digest)
    spent = Expect(Space.CHALLENGES, request.challenge, raw)
    return _restand(
        directory, party, leaf, called, now_ms, expect=(spent,), effects=(Drop(Space.CHALLENGES, request.challenge),)
    )


def _stronger(party: Party, standing: Standing) -> None:
    if _RANK[standing] <= _RANK[party.standing]:
        raise Refused("party.standing", standing=party.standing.value)


def _standing(
    party: Party, called: Name, standing: Standing, drawn: str, now_ms: int, *, voucher: str = ""
) -> PartyLeaf:
    return PartyLeaf(
        c=called.commitments,
        id=party.id,
        kind=party.kind.value,
        n=drawn,
        prev=party.rid,
        std=standing.value,
        t=now_ms,
        vch=voucher or msgspec.UNSET,
    )


def _restand(
    directory: Directory,
    party: Party,
    leaf: PartyLeaf,
    called: Name,
    now_ms: int,
    *,
    expect: tuple[Expect, ...],
    effects: tuple[Put | Drop, ...],
) -> Planned:
    data = leaves.encode(leaf)
    rid = leaves.rid(data)
    voucher = leaf.vch if isinstance(leaf.vch, str) else ""
    row = msgspec.structs.replace(party, standing=Standing(leaf.std), voucher=voucher, stands=rid)
    unit = Unit(
        leaves=(data,),
        effects=(put(Space.PARTIES, party.rid, stored(row)), *effects),
        # The name goes along with its leaf: not once it is being erased.
        expect=(
            unchanged(directory, Space.PARTIES, party.rid),
            unchanged(directory, Space.ERASURES, party.rid),
            *expect,
        ),
        payloads=(called.payload(rid),),
    )
    return Planned(unit, rid, party.id)
