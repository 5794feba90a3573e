# SPDX-License-Identifier: Apache-2.0
"""What is asked of the registry, one struct a verb. The control API reads its bodies into these, and its OpenAPI
description is generated from them.

References to parties, systems and copies are record ids, public ids, or names where the directory knows names. Keys,
nonces, salts and signatures are base64url without padding. Signatures are over statements (`docs/spec/statements.md`).
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from answerable.model.terms import (
    AdminRole,
    Audience,
    Criticality,
    Locality,
    Measure,
    Relation,
    Role,
    SystemKind,
    World,
)

# Bounds on what a stranger may send; what is legal within them is checked by the plan functions.
Text = Annotated[str, Meta(max_length=400)]
Ref = Annotated[str, Meta(max_length=400, description="record id, public id or name")]
Pattern = Annotated[str, Meta(max_length=200, description="server/tool, server/* or *")]
PublicKey = Annotated[str, Meta(max_length=64, description="Ed25519 public key, base64url of 32 bytes")]
Nonce = Annotated[str, Meta(max_length=32, description="16 random bytes, base64url")]
Salt = Annotated[str, Meta(max_length=64, description="32 random bytes, base64url")]
Signature = Annotated[str, Meta(max_length=128, description="Ed25519 signature, base64url of 64 bytes")]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base: frozen, by keyword, strict."""


class RegisterParty(Request, frozen=True, kw_only=True):
    """A party with its identifier: NTRCN-, LEIXG-, NTR<cc>-, VAT<cc>- or PERSON-."""

    id: Text
    name: Text


class VouchParty(Request, frozen=True, kw_only=True):
    """A registrar vouches for a party's identifier. The registrar draws `nonce` and `salt` and signs the party leaf
    that `parties.vouch_statement` builds from them."""

    party: Ref
    key: Annotated[str, Meta(max_length=64, description="record id of the registrar's key leaf")]
    nonce: Nonce
    salt: Salt
    signature: Signature


class ProveParty(Request, frozen=True, kw_only=True):
    """The answer to a challenge: `signature` over `parties.challenge_text` by the key of `certificates[0]`, the
    certificate that names the identifier; the rest of its chain follows. Certificates are base64url of DER."""

    party: Ref
    challenge: Nonce
    certificates: Annotated[tuple[Annotated[str, Meta(max_length=16_384)], ...], Meta(min_length=1, max_length=5)]
    signature: Annotated[str, Meta(max_length=1_400, description="base64url, in the form of the certificate's key")]


class EnrolKey(Request, frozen=True, kw_only=True):
    """A key for a party to sign with. The new key itself signs the key leaf: whoever enrols it must hold it."""

    party: Ref
    key: PublicKey
    registrar: bool = False
    nonce: Nonce
    signature: Signature


class EnrolAdmin(Request, frozen=True, kw_only=True):
    """A key and roles for a natural person (a party with a PERSON- identifier). The new key signs the key leaf."""

    person: Ref
    key: PublicKey
    roles: Annotated[tuple[AdminRole, ...], Meta(min_length=1, max_length=5)]
    nonce: Nonce
    signature: Signature


class WithdrawKey(Request, frozen=True, kw_only=True):
    """End a party's or a person's key, from now on. What it signed stays signed."""

    key: Annotated[str, Meta(max_length=64, description="record id of the key leaf")]


class EdgeSpec(Request, frozen=True, kw_only=True):
    parent: Ref
    relation: Relation


class PartySpec(Request, frozen=True, kw_only=True):
    party: Ref
    role: Role


class ShareSpec(Request, frozen=True, kw_only=True):
    party: Ref
    count: Annotated[int, Meta(ge=1, le=10_000)]


class OwnersSpec(Request, frozen=True, kw_only=True):
    """Co-owners: parties of the system with so many shares each; `need` shares together order about it."""

    shares: Annotated[tuple[ShareSpec, ...], Meta(min_length=1, max_length=8)]
    need: Annotated[int, Meta(ge=1, le=80_000)]


class ComputeSpec(Request, frozen=True, kw_only=True):
    """Training compute: `petaflop` (1e15 operations) as declared or measured, or `parameters` and `tokens` of a dense
    transformer, from which 6·N·D is estimated. A derivative tells its own compute alone; its ancestors' is added."""

    petaflop: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None
    measure: Measure = Measure.DECLARED
    parameters: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None
    tokens: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None


class OpaqueSpec(Request, frozen=True, kw_only=True):
    """A closed model that tells no digest."""

    provider: Text
    endpoint: Text
    model: Text
    version: Text
    filing: Text = ""
    probe: Text = ""


class AnnounceSystem(Request, frozen=True, kw_only=True):
    """The moment of build: said before training or derivation starts."""

    name: Text
    kind: SystemKind
    party: Ref
    edges: Annotated[tuple[EdgeSpec, ...], Meta(max_length=32)] = ()


class RegisterSystem(Request, frozen=True, kw_only=True):
    """A system at one version, as it will be used. Facts are declared here; the tier follows from them."""

    name: Text
    version: Text
    kind: SystemKind
    parties: Annotated[tuple[PartySpec, ...], Meta(max_length=8)]
    edges: Annotated[tuple[EdgeSpec, ...], Meta(max_length=32)] = ()
    audience: Audience = Audience.INTERNAL
    worlds: Annotated[tuple[World, ...], Meta(min_length=1, max_length=3)] = (World.INFORMATION,)
    criticality: Criticality = Criticality.ORDINARY
    capabilities: Annotated[tuple[Text, ...], Meta(max_length=32)] = ()
    users: Annotated[int, Meta(ge=0, le=2**40, description="users a month")] = 0
    digests: Annotated[tuple[Text, ...], Meta(max_length=16, description="sha256:<64 hexadecimal digits>")] = ()
    licence: Text = ""
    compute: ComputeSpec | None = None
    opaque: OpaqueSpec | None = None
    announced: Annotated[str, Meta(max_length=64, description="record id of the announcement")] = ""
    reauthorises: Annotated[str, Meta(max_length=400, description="system id that a reauthorisation made")] = ""
    upstream: Text = ""
    locality: Locality = Locality.EXTERNAL
    owners: OwnersSpec | None = None
    tools: Annotated[tuple[Pattern, ...], Meta(max_length=64, description="left out: every tool")] | None = None
    max_criticality: Annotated[
        Criticality | None, Meta(description="the gravest that its tool calls may be; left out: its criticality")
    ] = None


class TransferSystem(Request, frozen=True, kw_only=True):
    """The moment of sale: a role passes from one party to another. Both sign the same transfer leaf."""

    system: Ref
    role: Role
    old: Ref
    new: Ref
    nonce: Nonce
    old_key: Annotated[str, Meta(max_length=64, description="record id of a key leaf of the old party")]
    old_signature: Signature
    new_key: Annotated[str, Meta(max_length=64, description="record id of a key leaf of the new party")]
    new_signature: Signature


class StartCopy(Request, frozen=True, kw_only=True):
    """The moment of use: one running instance, with a key of its own that signs the copy leaf."""

    system: Ref
    key: PublicKey
    nonce: Nonce
    signature: Signature
    process: Annotated[str, Meta(max_length=64, description="pid:<pid>:<start time> of a process here")] = ""
    endpoint: Annotated[str, Meta(max_length=400, description="URL of a remote endpoint")] = ""


class EndCopy(Request, frozen=True, kw_only=True):
    copy: Ref


REQUESTS: tuple[type[Request], ...] = (
    RegisterParty,
    VouchParty,
    ProveParty,
    EnrolKey,
    EnrolAdmin,
    WithdrawKey,
    AnnounceSystem,
    RegisterSystem,
    TransferSystem,
    StartCopy,
    EndCopy,
)
