# SPDX-License-Identifier: Apache-2.0
"""What the registry knows: parties, systems, copies, keys. Values of the projections, one struct a row.

Times are integer milliseconds UTC. `rid` is the record id of the leaf that registered the thing.
"""

from __future__ import annotations

from typing import Final

import msgspec

from answerable.model.scopes import EVERY
from answerable.model.terms import (
    AdminRole,
    Audience,
    Criticality,
    Locality,
    Measure,
    PartyKind,
    Relation,
    Role,
    Standing,
    SystemKind,
    World,
)

# Of a system of which nothing was said.
ANY_TOOL: Final = (EVERY,)


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the rows: frozen, by keyword, strict when read."""


class Party(Record, frozen=True, kw_only=True):
    """Who answers. `id` is ``NTRCN-…``, ``LEIXG-…``, ``NTR<cc>-…``, ``VAT<cc>-…`` or ``PERSON-…``. name: of a natural
    person the stored row has `id` again: the name lies with what is erased on demand, and a directory knows it while
    it is there."""

    rid: str
    id: str
    kind: PartyKind
    name: str
    standing: Standing
    since: int
    voucher: str = ""  # rid of the registrar party that vouches
    stands: str = ""  # rid of the newest party leaf (its `prev` is `rid`) that changed the standing; "" while none did


class PartyRole(Record, frozen=True, kw_only=True):
    party: str  # rid
    role: Role


class Share(Record, frozen=True, kw_only=True):
    """A party's part in a co-owned system."""

    party: str  # rid
    count: int


class Edge(Record, frozen=True, kw_only=True):
    parent: str  # rid of the parent's system leaf
    relation: Relation


class Compute(Record, frozen=True, kw_only=True):
    """Training compute in petaFLOP (1e15 operations), declared or estimated (6·N·D)."""

    petaflop: int
    measure: Measure


class Opaque(Record, frozen=True, kw_only=True):
    """What identifies a closed model that tells no digest (`tiers.md`, undeclared facts)."""

    provider: str
    endpoint: str
    model: str
    version: str
    filing: str = ""
    probe: str = ""  # sha256 of the sketch of its answers to the fixed prompts


class System(Record, frozen=True, kw_only=True):
    """A model, agent, robot, application or digital human at one version. Immutable once registered."""

    rid: str
    id: str  # spiffe://<registry>/system/<26 base32 characters>
    num: int  # registry number, unique, from 1; what ancestor lists hold
    kind: SystemKind
    name: str
    version: str
    parties: tuple[PartyRole, ...]
    edges: tuple[Edge, ...]
    ancestors: tuple[int, ...]  # numbers of all weights ancestors, sorted, without itself
    tier: int
    audience: Audience
    worlds: tuple[World, ...]
    criticality: Criticality
    since: int
    digests: tuple[str, ...] = ()  # "sha256:<hex>" of weights or image
    licence: str = ""
    compute: Compute | None = None
    capabilities: tuple[str, ...] = ()
    users: int = 0  # a month
    opaque: Opaque | None = None
    announced: str = ""  # rid of the announce leaf
    dead: str = ""  # rid of the stop order that it was born under
    upstream: str = ""  # name of the configured upstream that serves it, for models
    locality: Locality = Locality.EXTERNAL
    reauthorises: str = ""  # rid of the reauthorisation that exempts its digests
    shares: tuple[Share, ...] = ()  # of its owners, sorted by party
    owners_need: int = 0  # with how many shares owners order about it; 0: they do not
    scope: tuple[str, ...] | None = None  # the tools that it may call, as declared; None: nothing was said
    may: Criticality | None = None  # the gravest that its tool calls may be, as declared; None: as grave as itself
    maker: str | None = None  # rid of the copy that registered it through the gate

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools that it may call, as patterns (`model.scopes`); an empty tuple names none."""
        return ANY_TOOL if self.scope is None else self.scope

    @property
    def max_criticality(self) -> Criticality:
        """The gravest that its actions may be."""
        return self.criticality if self.may is None else self.may

    def party(self, role: Role) -> str:
        """rid of the first party with that role, or the first party of all."""
        for entry in self.parties:
            if entry.role is role:
                return entry.party
        return self.parties[0].party


class Copy(Record, frozen=True, kw_only=True):
    """One running instance with a key of its own: an operating-system process or a remote endpoint."""

    rid: str
    id: str  # <system id>/copy/<n>
    system: str  # rid
    key: str  # public key, base64url of 32 bytes
    since: int
    process: str = ""  # "pid:<pid>:<start time>" of a local process
    endpoint: str = ""  # URL or address of a remote one
    ended: int = 0
    node: str = ""  # rid of the gateway node that keeps its warrants, where that is not this store's own gateway


class Admin(Record, frozen=True, kw_only=True):
    """A named person with a key. Never a system (checked at enrolment)."""

    rid: str  # of the key leaf
    person: str  # rid of the person's party leaf
    name: str
    key: str  # public key, base64url of 32 bytes
    roles: tuple[AdminRole, ...]
    since: int
    ended: int = 0


class PartyKey(Record, frozen=True, kw_only=True):
    """A key with which a party itself signs: sales of its systems, as a registrar the ids that it vouches for, or the
    labels of what its gateway makes."""

    rid: str  # of the key leaf
    party: str  # rid
    key: str  # public key, base64url of 32 bytes
    use: str  # "party", "registrar" where the party may vouch for others, "label" for labels alone
    since: int
    ended: int = 0


class Node(Record, frozen=True, kw_only=True):
    """A gateway on another host: it follows this registry and keeps a log of its own."""

    rid: str  # of the key leaf
    name: str  # of the audience ``spiffe://<domain>/gateway/<name>``
    party: str  # rid of the party that answers for what it records
    key: str  # public key, base64url of 32 bytes
    log: str  # verifier key of its own log (C2SP signed-note); its name is the log's origin
    since: int
    ended: int = 0


class Handle(Record, frozen=True, kw_only=True):
    """A bearer string for a plain client, bound where it was issued. Only its digest is kept."""

    rid: str
    digest: str  # sha256 hex of the handle
    copy: str  # rid of the copy that it speaks for
    binding: str  # "cidr:127.0.0.0/8", "unix", or "mtls:<sha256 of the certificate>"
    since: int
    expires: int
    revoked: int = 0


class Stop(Record, frozen=True, kw_only=True):
    """A stop order in force or lapsed; grow-only."""

    rid: str
    kind: str  # OrderKind
    scope: str  # Scope
    root: str  # rid of the system, copy or party; the world's name; "" for all
    num: int  # registry number of a root system, else 0
    digests: tuple[str, ...]  # of the closure: the same weights under a new name are stopped too
    twins: tuple[int, ...]  # numbers of the systems that hold one of the digests, with no weights edge to the root
    at: int  # the instant of its commit
    until: int  # when a suspension lapses by itself; 0 = never
    reason: str
    officers: tuple[str, ...]  # rids of the key leaves that signed
    escalates: str = ""  # rid of the suspension that this termination completes
    released: str = ""  # rid of the release leaf, for a suspension that two people released
    epoch: int = 0  # number of the change of the stop set that it was; 0: written before these were kept
    changed: int = 0  # number of the change that its release was; 0: not released
    pause: int = 0  # of a suspension under a staged plan: ms after which two may complete it where else three must
    upto: int = 0  # where `digests` is one entry for a list too long for a row: the highest system number at its commit


class Confirmed(Record, frozen=True, kw_only=True):
    """A holder's signed word on one order: that it reached this state. Times by the holder's clock."""

    rid: str  # of the receipt leaf
    order: str
    holder: str  # rid of the copy, or of a gateway node's key leaf
    state: str  # StopState
    received: int
    last: int  # its last action that the order reaches; 0 for none
    in_flight: int
    at: int  # the instant of its commit, by our clock


class OnSite(Record, frozen=True, kw_only=True):
    """An envelope for an on-site issuer: until it ends, warrants are signed where no word of an order may come."""

    rid: str  # of its warrant leaf
    system: str  # rid
    site: str
    since: int
    expires: int
    bound: int  # ms after an order, as agreed to when it was asked for


class Reauthorisation(Record, frozen=True, kw_only=True):
    """One new system id that may be registered with digests that an order stopped.

    It restarts nothing and reaches no ancestor: only the digests are exempt, and from that order alone.
    """

    rid: str
    order: str  # rid of the termination
    id: str  # SPIFFE id of the new system
    digests: tuple[str, ...]
    at: int
    officers: tuple[str, ...]  # rids of the key leaves that signed; none of them signed the order


class Erasure(Record, frozen=True, kw_only=True):
    """The payloads of a record were erased."""

    rid: str  # of the erase leaf
    record: str  # rid of the open leaf
    basis: str  # term; its words are a payload of the erase leaf, group `basis`
    at: int
    officers: tuple[str, ...]  # rids of the key leaves that signed


class LegalHold(Record, frozen=True, kw_only=True):
    """Payloads that are neither erased nor swept while it stands."""

    rid: str  # of the preserve leaf
    scope: str  # HoldScope
    of: str  # rid of the open leaf, party or system
    at: int
    reason: str
    officers: tuple[str, ...]  # rids of the key leaves that signed
    lifted: str = ""  # rid of the preserve leaf that lifted it


class Grant(Record, frozen=True, kw_only=True):
    """One person may read one record's payloads for one purpose."""

    rid: str
    record: str  # rid of the open leaf
    party: str  # rid of the party that answers for the record
    to: str  # rid of the person's party leaf
    purpose: str
    signers: tuple[str, ...]  # rids of key leaves: one of the party's, or officers' where it rests on a law
    lawful: bool  # it rests on a law, not on the party's leave
    at: int
    expires: int
    revoked: str = ""  # rid of the revoke leaf


class Reading(Record, frozen=True, kw_only=True):
    """Payloads were read."""

    rid: str
    record: str  # rid of the open leaf
    grant: str
    person: str  # rid of the person's party leaf
    groups: tuple[str, ...]
    at: int


class FeedPage(Record, frozen=True, kw_only=True):
    """A page of the authorities' feed as it was cut: built from this anew, it has the same bytes."""

    number: int  # from 1
    start: int  # leaves [start, end) were looked through
    end: int
    entries: tuple[int, ...]  # indices of the leaves that stand in it
    at: int
    checkpoint: str  # the signed note that its proofs lead to
    prev: str  # SHA-256 of the page before, hex; of the first: zeros
    digest: str  # SHA-256 of the page, hex


class Incident(Record, frozen=True, kw_only=True):
    """A red line was neared or crossed."""

    rid: str
    line: str  # id of the red line
    level: str  # yellow | red
    system: str  # rid
    copy: str  # rid, "" where it is none's
    detector: str
    evidence: tuple[str, ...]  # rids of the leaves that it was seen in
    action: str  # rid of the open leaf, "" for none
    at: int
    evaluation: bool  # provoked by an evaluation: recorded, and no incident
    planted: bool  # by the weekly test of its detector
    measure: str  # record | suspend | terminate: what the detector did
    order: str  # rid of its stop order, "" for none
    withheld: str  # code of why no order was given where the table asks for one, "" for none


class EventSaid(Record, frozen=True, kw_only=True):
    """A person's word that goes on mattering: an evaluation, a consent, a classification, a report handed in."""

    rid: str
    what: str
    system: str  # rid
    by: str  # rid of the key leaf
    at: int
    facts: str  # JSON, as told; "" where the payload is not known
