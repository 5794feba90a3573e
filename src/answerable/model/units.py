# SPDX-License-Identifier: Apache-2.0
"""The one unit of work: leaves, the state that changes with them, and what must still hold when they are written.

State is a set of named spaces of key -> encoded row. A `Unit` is applied whole in one transaction by the sequencer, or
not at all; `Expect` is what makes two units that were prepared side by side safe.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec


class Space(StrEnum):
    """The projections. Keys and row types: `docs/spec/state.md`."""

    PARTIES = "parties"  # rid -> Party
    PARTY_IDS = "party_ids"  # party id -> rid
    SYSTEMS = "systems"  # rid -> System
    SYSTEM_IDS = "system_ids"  # spiffe id -> rid
    COPIES = "copies"  # rid -> Copy
    COPY_IDS = "copy_ids"  # spiffe id -> rid
    KEYS = "keys"  # public key, base64url -> rid of what it belongs to: a key has one owner, for ever
    ADMINS = "admins"  # rid -> Admin
    PARTY_KEYS = "party_keys"  # rid -> PartyKey
    NODES = "nodes"  # rid -> Node
    HANDLES = "handles"  # digest -> Handle
    STOPS = "stops"  # rid -> Stop
    CONFIRMED = "confirmed"  # rid of the order, rid of the holder and its state, with colons between -> Confirmed
    ENVELOPES = "envelopes"  # rid of its warrant leaf -> OnSite
    REAUTHORISATIONS = "reauthorisations"  # new system id -> Reauthorisation: what a registration with `re` must match
    # "system" (last registry number), "epoch" (number of stop-set changes), "holds" (of changes to the legal holds),
    # "admin:" and the rid of a person (how often one of their keys was enrolled) -> decimal
    COUNTERS = "counters"
    NONCES = "nonces"  # nonce of a signed statement -> its time; a statement counts once
    OPENS = "opens"  # rid of an open leaf without its close -> time
    ANNOUNCED = "announced"  # rid -> encoded announcement
    TRANSFERS = "transfers"  # system rid -> rid of the newest transfer
    CHALLENGES = "challenges"  # nonce -> party rid and expiry
    ERASURES = "erasures"  # rid of an open leaf -> Erasure
    ERASING = "erasing"  # rid of an open leaf whose payloads are not confirmed as gone -> [[index, rid], ...]
    PRESERVED = "preserved"  # rid of a preserve leaf -> LegalHold
    GRANTS = "grants"  # rid of a grant leaf -> Grant
    READS = "reads"  # rid of a read leaf -> Reading
    FEED = "feed"  # number of a page of the authorities' feed -> FeedPage
    INCIDENTS = "incidents"  # rid of an incident leaf -> Incident
    EVENTS = "events"  # rid of an event leaf that goes on mattering (a person's word) -> EventSaid
    TOOLS = "tools"  # "<server>/<tool>" -> Tool
    ATTESTATIONS = "attestations"  # rid of a system and predicate type, with a colon between -> Attested
    HELD = "held"  # rid of a hold leaf -> Hold
    CALLS = "calls"  # digest of a call that must not run twice -> Call
    BUDGETS = "budgets"  # rid of an open leaf -> Reserved: what it may use, then what it used
    MISC = "misc"  # "domain", "origin", "demo"


class Put(msgspec.Struct, frozen=True, gc=False):
    space: Space
    key: str
    value: bytes


class Drop(msgspec.Struct, frozen=True, gc=False):
    space: Space
    key: str


Effect = Put | Drop


class Expect(msgspec.Struct, frozen=True, gc=False):
    """The row at `key` must have exactly this value when the unit is written; None: there must be none."""

    space: Space
    key: str
    value: bytes | None


class Payload(msgspec.Struct, frozen=True, gc=False):
    """What a commitment hides, kept outside the log and written before its leaf.

    rid: the leaf that holds the commitment; group: the member of `c`; salt: 32 bytes; body: canonical payload bytes;
    tags: keyed digests under which the content can be found again (`Space`-free: they live in the payload store);
    expires: ms UTC, from when it is let go of; 0: when the store's default says.
    """

    rid: str
    group: str
    salt: bytes
    body: bytes
    tags: tuple[bytes, ...] = ()
    expires: int = 0


class Lane(StrEnum):
    """`stop` has space of its own in queue and store; `noise` is the bounded lane of unknown callers."""

    ACTION = "action"
    STOP = "stop"
    NOISE = "noise"


class Unit(msgspec.Struct, frozen=True, gc=False):
    """witnessed: acknowledged only when a quorum of witnesses cosigned a checkpoint that covers it, and not only when
    it is durable."""

    leaves: tuple[bytes, ...] = ()
    effects: tuple[Effect, ...] = ()
    expect: tuple[Expect, ...] = ()
    payloads: tuple[Payload, ...] = ()
    lane: Lane = Lane.ACTION
    witnessed: bool = False


class Rider(msgspec.Struct, frozen=True, gc=False):
    """What joins the unit of an open or a close leaf: a hold, an approval that is spent, a budget, a call's key. All of
    it is written with that leaf, or none of it."""

    leaves: tuple[bytes, ...] = ()
    effects: tuple[Effect, ...] = ()
    expect: tuple[Expect, ...] = ()
    payloads: tuple[Payload, ...] = ()


class Committed(msgspec.Struct, frozen=True, gc=False):
    """Where a unit's leaves stand: index of the first, and the size of the tree after its batch."""

    first: int
    size: int
    at: int  # instant of the commit, ms UTC, as the writer's clock had it


# Groups of payloads that never expire: who a party is and why people acted must be told as long as the log stands.
LASTING: Final = frozenset({"name", "reason", "basis"})
# Groups that hide nothing of anybody: a keyed digest and a time. They may be kept as long as the rest of their leaf.
BESIDE: Final = frozenset({"ctx"})
# Counter of changes to the set of legal holds: an erasure that was planned before one must look again.
HOLDS: Final = "holds"
EPOCH: Final = "epoch"
SYSTEM_NUMBER: Final = "system"
