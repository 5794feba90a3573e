# SPDX-License-Identifier: Apache-2.0
"""Keys of parties: with which they sell, and with which a registrar vouches. A key has one owner, for ever."""

from __future__ import annotations

from typing import Final

import msgspec

from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.log.statement import to_sign
from answerable.model.leaves import KeyLeaf, Sig
from answerable.model.records import Party, PartyKey
from answerable.model.terms import AdminRole
from answerable.model.units import Space, Unit
from answerable.ports import Directory, Signer
from answerable.registry import find
from answerable.registry.planned import (
    Planned,
    check_signature,
    free_key,
    fresh_nonce,
    origin,
    public_key,
    put,
    unchanged,
)
from answerable.registry.requests import EnrolKey, WithdrawKey

PARTY: Final = "party"
REGISTRAR: Final = "registrar"
LABEL: Final = "label"

_row = msgspec.json.Decoder(PartyKey).decode


def enrol_statement(party: Party, request: EnrolKey, now_ms: int = 0) -> KeyLeaf:
    """The key leaf that the new key signs (`log.statement.to_sign`): proof that whoever enrols it holds it."""
    use = REGISTRAR if request.registrar else PARTY
    return KeyLeaf(n=request.nonce, own=party.rid, pub=request.key, t=now_ms, use=use)


def enrol(directory: Directory, request: EnrolKey, now_ms: int, *, by: str) -> Planned:
    """by: rid of the administrator's key leaf, "" only while there is no administrator.

    Raises Refused ``party.unknown|is_system|key|key_taken|nonce|replayed|signature|by``.
    """
    check_by(directory, by)
    party = find.party(directory, request.party)
    public = public_key(request.key)
    leaf = enrol_statement(party, request, now_ms)
    spent, spend = fresh_nonce(directory, request.nonce, now_ms)
    check_signature(directory, leaf, public, request.signature)
    # The rid of this leaf is not known to its own signature: the owner stands in `key`.
    full = msgspec.structs.replace(leaf, sigs=[Sig(key=party.rid, sig=request.signature)])
    data = leaves.encode(msgspec.structs.replace(full, by=by) if by else full)
    rid = leaves.rid(data)
    free, claim = free_key(directory, request.key, party.rid)
    row = PartyKey(rid=rid, party=party.rid, key=request.key, use=leaf.use, since=now_ms)
    return Planned(
        Unit(leaves=(data,), effects=(put(Space.PARTY_KEYS, rid, row), claim, spend), expect=(free, spent)), rid
    )


def enrol_label(directory: Directory, party: Party, key: Signer, now_ms: int) -> Planned | None:
    """The key with which the operator's own service signs labels, pinned to its party; None where it stands already.
    Such a key signs labels alone: nobody is admitted by it. Raises Refused ``party.key_taken``."""
    public = b64u(key.public)
    for _, raw in directory.rows(Space.PARTY_KEYS):
        row = _row(raw)
        if row.key == public and row.party == party.rid and row.use == LABEL and not row.ended:
            return None
    leaf = KeyLeaf(n=nonce(), own=party.rid, pub=public, t=now_ms, use=LABEL)
    signature = b64u(key.sign(to_sign(leaf, origin(directory))))
    data = leaves.encode(msgspec.structs.replace(leaf, sigs=[Sig(key=party.rid, sig=signature)]))
    rid = leaves.rid(data)
    free, claim = free_key(directory, public, party.rid)
    spent, spend = fresh_nonce(directory, leaf.n, now_ms)
    row = PartyKey(rid=rid, party=party.rid, key=public, use=LABEL, since=now_ms)
    effects = (put(Space.PARTY_KEYS, rid, row), claim, spend)
    return Planned(Unit(leaves=(data,), effects=effects, expect=(free, spent)), rid)


def label_keys(directory: Directory) -> tuple[PartyKey, ...]:
    """Those in force, of every party."""
    rows = (_row(raw) for _, raw in directory.rows(Space.PARTY_KEYS))
    return tuple(row for row in rows if row.use == LABEL and not row.ended)


def withdraw(directory: Directory, request: WithdrawKey, now_ms: int, *, by: str) -> Planned:
    """End a party's key. Raises Refused ``party.key_unknown|by``."""
    check_by(directory, by)
    row = in_force(directory, request.key, "")
    leaf = KeyLeaf(end=True, n=nonce(), own=row.party, prev=row.rid, pub=row.key, t=now_ms, use=row.use)
    data = leaves.encode(msgspec.structs.replace(leaf, by=by) if by else leaf)
    ended = msgspec.structs.replace(row, ended=now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(put(Space.PARTY_KEYS, row.rid, ended),),
        expect=(unchanged(directory, Space.PARTY_KEYS, row.rid),),
    )
    return Planned(unit, leaves.rid(data))


def in_force(directory: Directory, rid: str, party: str, use: str = "") -> PartyKey:
    """The key with that rid. party: rid of its owner, "" for any; use: "" for any.
    Raises Refused ``party.key_unknown``."""
    raw = directory.raw(Space.PARTY_KEYS, rid)
    row = _row(raw) if raw else None
    if row is None or row.ended or (party and row.party != party) or (use and row.use != use):
        raise Refused("party.key_unknown", key=rid, party=party or "?")
    return row


def check_by(directory: Directory, by: str) -> None:
    """Only an administrator enrols and withdraws; before the first one there is nobody to ask, and the last cannot be
    withdrawn."""
    if not by and not any(AdminRole.ADMINISTRATOR in a.roles for a in directory.admins() if not a.ended):
        return
    admin = directory.admin(by) if by else None
    if admin is None or admin.ended or AdminRole.ADMINISTRATOR not in admin.roles:
        raise Refused("party.by", by=by or "nobody")
