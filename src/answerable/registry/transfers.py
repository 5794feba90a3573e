# SPDX-License-Identifier: Apache-2.0
"""The moment of sale: one role on one system passes to another party, and both sign the same leaf."""

from __future__ import annotations

import msgspec

from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.model.leaves import Sig, TransferLeaf
from answerable.model.records import Party, PartyRole, System
from answerable.model.terms import Moment
from answerable.model.units import Put, Space, Unit
from answerable.ports import Directory
from answerable.registry import duties, find, keys, owners, stopped
from answerable.registry.planned import Planned, check_signature, fresh_nonce, public_key, put, unchanged
from answerable.registry.requests import TransferSystem


def transfer_statement(
    system: System, old: Party, new: Party, request: TransferSystem, now_ms: int = 0
) -> TransferLeaf:
    """The transfer leaf that both parties sign (`log.statement.to_sign`)."""
    return TransferLeaf(
        n=request.nonce, new=new.rid, old=old.rid, role=request.role.value, sigs=[], sys=system.rid, t=now_ms
    )


def transfer(directory: Directory, request: TransferSystem, now_ms: int) -> Planned:
    """Raises Refused ``system.unknown|transfer|duty``, ``stop.system`` (what is stopped cannot be sold),
    ``party.unknown|is_system|key_unknown|nonce|replayed|signature``."""
    system = find.system(directory, request.system)
    old = find.party(directory, request.old)
    new = find.party(directory, request.new)
    held = PartyRole(party=old.rid, role=request.role)
    taken = PartyRole(party=new.rid, role=request.role)
    if held not in system.parties:
        raise Refused("system.transfer", problem="the old party does not have that role")
    if taken in system.parties:
        raise Refused("system.transfer", problem="the new party has that role already")
    stopped.check(directory, system, now_ms)
    sold = msgspec.structs.replace(
        system,
        parties=tuple(taken if entry == held else entry for entry in system.parties),
        shares=owners.moved(system.shares, old.rid, new.rid),
    )
    # The buyer takes over what the seller was held to, so it is the buyer's standing that counts.
    stopped.check(directory, sold, now_ms)
    duties.enforce(directory, sold, Moment.SALE)
    leaf = transfer_statement(system, old, new, request, now_ms)
    spent, spend = fresh_nonce(directory, request.nonce, now_ms)
    signed = []
    expect = [spent, stopped.same_stops(directory), unchanged(directory, Space.SYSTEMS, system.rid)]
    for party, rid, signature in (
        (old, request.old_key, request.old_signature),
        (new, request.new_key, request.new_signature),
    ):
        key = keys.in_force(directory, rid, party.rid, keys.PARTY)
        check_signature(directory, leaf, public_key(key.key), signature)
        signed.append(Sig(key=key.rid, sig=signature))
        expect.append(unchanged(directory, Space.PARTY_KEYS, key.rid))
    data = leaves.encode(msgspec.structs.replace(leaf, sigs=signed))
    rid = leaves.rid(data)
    unit = Unit(
        leaves=(data,),
        effects=(
            put(Space.SYSTEMS, system.rid, sold),
            Put(Space.TRANSFERS, system.rid, rid.encode()),
            spend,
        ),
        expect=tuple(expect),
    )
    return Planned(unit, rid, system.id)
