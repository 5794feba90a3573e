# SPDX-License-Identifier: Apache-2.0
"""State, told again from the leaves (`docs/spec/state.md`): for `log fsck` to compare, for `log rebuild` to write.

Each leaf becomes the effects that its plan function wrote beside it. A leaf does not tell everything: names and reasons
stand there as commitments, and some members of rows are about one machine (`UNTOLD`). What it does not tell is asked of
the payloads, or left at what `UNKNOWN_*` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, Final

import msgspec
from msgspec import UNSET

from answerable.admission.reports import GROUP
from answerable.errors import AnswerableError
from answerable.log.leaf import encode
from answerable.model import leaves as kinds
from answerable.model.records import (
    Admin,
    Compute,
    Copy,
    Edge,
    Handle,
    Node,
    Opaque,
    Party,
    PartyKey,
    PartyRole,
    System,
)
from answerable.model.terms import (
    AdminRole,
    Audience,
    Criticality,
    Measure,
    PartyKind,
    Relation,
    Role,
    Standing,
    SystemKind,
    World,
)
from answerable.model.units import SYSTEM_NUMBER, Drop, Effect, Put, Space
from answerable.redlines import incidents
from answerable.registry import lineage, nodes, scoped
from answerable.registry.admins import ENROLMENTS
from answerable.registry.admins import USE as ADMIN
from answerable.registry.book import Book
from answerable.registry.copies import START
from answerable.registry.keys import LABEL, PARTY, REGISTRAR
from answerable.registry.nodes import USE as NODE
from answerable.registry.owners import moved, of_leaf
from answerable.registry.planned import encode_row
from answerable.registry.systems import Announcement
from answerable.sequencer import replay_budgets, replay_calls, replay_holds, replay_tools
from answerable.sequencer.replay_privacy import LeafOf, erasure, grant, hold, reading, revocation
from answerable.sequencer.replay_stops import count, reauthorisation, regained, release, roster, stop
from answerable.stops import confirming
from answerable.stops.officers import AUTHORITY, ROSTER
from answerable.tools.holds import INDEX
from answerable.warrants import envelopes

Told = Callable[[str, str], str | None]  # (rid, group) -> the text that a commitment hides, if it is known

# Members of rows that no leaf tells: what the configuration calls a model, where a copy runs.
UNTOLD: Final[dict[Space, frozenset[str]]] = {
    Space.SYSTEMS: frozenset({"upstream", "locality"}),
    Space.COPIES: frozenset({"process", "endpoint"}),
    Space.HELD: frozenset({"tag"}),
}
# Spaces whose rows come from leaves alone. Of the others some are told nowhere (challenges end after minutes).
TOLD: Final = frozenset(
    {
        Space.PARTIES, Space.PARTY_IDS, Space.SYSTEMS, Space.SYSTEM_IDS, Space.COPIES, Space.COPY_IDS, Space.KEYS,
        Space.ADMINS, Space.PARTY_KEYS, Space.NODES, Space.HANDLES, Space.STOPS, Space.CONFIRMED,
        Space.ENVELOPES, Space.REAUTHORISATIONS, Space.COUNTERS,
        Space.NONCES, Space.OPENS, Space.ANNOUNCED, Space.TRANSFERS, Space.ERASURES, Space.PRESERVED, Space.GRANTS,
        Space.READS, Space.INCIDENTS, Space.EVENTS, Space.HELD, Space.TOOLS, Space.ATTESTATIONS,
    }
)  # fmt: skip
# Of the miscellany: whose log it is, and which key leaves name its keys (as `app.create`, `app.rotation` and
# `privacy.feed` write them).
LOG_KEY: Final = "log_key"
LOG_KEY_ENDED: Final = "log_key_ended"
FEED_KEY: Final = "feed"
CANARY_KEY: Final = "canary"  # of drills (`stops.drills`)
DETECTOR_KEY: Final = "detector"  # of red lines (`app.watching`)
# And of a root log (`app.rooting`): that it is one, and the newest leaf of each shard, without which it would record a
# shard's other history as if it had never seen the first.
ROOT: Final = "root"
SHARD: Final = "shard:"  # before the shard's origin
_TOLD_MISC: Final = frozenset(
    {"domain", "origin", "issuer", "operator", LOG_KEY, LOG_KEY_ENDED, FEED_KEY, DETECTOR_KEY, CANARY_KEY, ROSTER}
)
# Boots that were answered stand in no leaf.
_BOOT: Final = "boot:"
# Texts that stand in leaves as commitments.
TEXTS: Final = frozenset({"name", "reason", "facts"})
# And of a hold: what stands in its exact call, and what only its opening tells.
HELD_TEXTS: Final = frozenset({"copy", "server", "tool", "planted"})
# A process that does not run: at the next start the copy's end is recorded.
UNKNOWN_PROCESS: Final = "pid:0:0"
# No address: what is served there is another copy.
UNKNOWN_ENDPOINT: Final = "unknown:"


class Replay:
    """Takes every leaf of a log, in order. book: what they say is registered; opens: actions without an end."""

    def __init__(self, domain: str, told: Told, leaf_of: LeafOf, *, index_key: bytes = b"") -> None:
        """told: texts behind commitments; where it gives None a party's or system's own identifier stands for its
        name. leaf_of: any leaf before the one that is taken. index_key: 32 bytes, of the store's keyed digests, where
        rows are written that it alone can tell."""
        self.book = Book(domain)
        self.opens: dict[str, bytes] = {}
        self._told = told
        self.standings: dict[str, list[str]] = {}  # rid of a party -> of the later leaves that changed its standing
        self.calls = replay_calls.Told(self.book)
        self._actions: dict[type[kinds.Leaf], Callable[[Any, str], list[Effect]]] = {
            kinds.OpenLeaf: self._open,
            kinds.CloseLeaf: self._close,
            kinds.PartyLeaf: self._party,
            kinds.KeyLeaf: self._key,
            kinds.AnnounceLeaf: self._announce,
            kinds.SystemLeaf: self._system,
            kinds.TransferLeaf: self._transfer,
            kinds.CopyLeaf: self._copy,
            kinds.HandleLeaf: self._handle,
            kinds.OrderLeaf: self._order,
            kinds.ReleaseLeaf: lambda leaf, rid: release(self.book, leaf, rid),
            kinds.RosterLeaf: lambda leaf, rid: roster(self.book, leaf),
            kinds.RegainedLeaf: lambda leaf, _rid: regained(self.book, leaf),
            kinds.ReauthorisationLeaf: lambda leaf, rid: reauthorisation(self.book, leaf, rid),
            kinds.WarrantLeaf: lambda leaf, rid: list(envelopes.told(leaf, rid)),
            kinds.ReceiptLeaf: lambda leaf, rid: [confirming.told(leaf, rid)],
            kinds.EraseLeaf: lambda leaf, rid: erasure(self.book, leaf, rid),
            kinds.PreserveLeaf: lambda leaf, rid: hold(self.book, leaf, rid, self._told(rid, "reason") or ""),
            kinds.GrantLeaf: lambda leaf, rid: grant(self.book, leaf, rid, leaf_of),
            kinds.RevokeLeaf: lambda leaf, rid: revocation(self.book, leaf, rid),
            kinds.IncidentLeaf: self._incident,
            kinds.EventLeaf: self._event,
            kinds.ToolLeaf: lambda leaf, rid: replay_tools.tool(self.book, leaf, rid),
            kinds.AttestationLeaf: lambda leaf, rid: replay_tools.attestation(leaf, rid),
            kinds.ReadLeaf: lambda leaf, rid: reading(self.book, leaf, rid),
            kinds.HoldLeaf: lambda leaf, rid: replay_holds.hold(leaf, rid, leaf_of, self._told, index_key),
            kinds.ApprovalLeaf: lambda leaf, rid: replay_holds.approval(self.book, leaf, rid),
            kinds.SettleLeaf: self.calls.settled,
            kinds.PlantedLeaf: lambda leaf, rid: replay_holds.opening(self.book, leaf, rid),
            kinds.ShardLeaf: lambda leaf, rid: [
                Put(Space.MISC, ROOT, b"1"),
                Put(Space.MISC, SHARD + leaf.origin, encode(leaf)),
            ],
        }

    def take(self, leaf: kinds.Leaf, rid: str) -> list[Effect]:
        """The effects of the next leaf, already applied here. One that does not follow from those before it has none
        and raises LookupError: somebody else wrote it, or a leaf is missing."""
        action = self._actions.get(type(leaf))
        if action is None:
            return []
        try:
            effects = action(leaf, rid)
        except (ValueError, AttributeError, AnswerableError) as error:
            raise LookupError(f"{leaf.k}: {error}") from error
        self.book.apply(effects)
        return effects

    def _open(self, leaf: kinds.OpenLeaf, rid: str) -> list[Effect]:
        if leaf.dec != "permit":
            return []
        self.opens[rid] = str(leaf.t).encode()
        return [
            Put(Space.OPENS, rid, self.opens[rid]),
            *replay_holds.spending(self.book, leaf, rid),
            *replay_budgets.reserved(leaf, rid),
            *self.calls.begun(leaf, rid, self._told),
        ]

    def _close(self, leaf: kinds.CloseLeaf, rid: str) -> list[Effect]:
        if self.opens.pop(leaf.open, None) is None:
            raise ValueError("it ends what is not open")
        return [Drop(Space.OPENS, leaf.open), *replay_budgets.used(self.book, leaf), *self.calls.ended(leaf)]

    def _party(self, leaf: kinds.PartyLeaf, rid: str) -> list[Effect]:
        if isinstance(leaf.prev, str):
            row = msgspec.structs.replace(
                _known(self.book.party(leaf.prev)),
                standing=Standing(leaf.std),
                voucher=_text(leaf.vch),
                stands=rid,
            )
            self.standings.setdefault(row.rid, []).append(rid)
            spent = [Put(Space.NONCES, leaf.n, str(leaf.t).encode())] if leaf.x is not UNSET else []
            return [Put(Space.PARTIES, row.rid, encode_row(row)), *spent]
        row = Party(
            rid=rid,
            id=leaf.id,
            kind=PartyKind(leaf.kind),
            name=leaf.id if leaf.kind == PartyKind.PERSON else self._name(rid, leaf.id),
            standing=Standing(leaf.std),
            since=leaf.t,
        )
        first = [] if any(self.book.parties()) else [Put(Space.MISC, "operator", leaf.id.encode())]
        return [
            Put(Space.PARTIES, rid, encode_row(row)),
            Put(Space.PARTY_IDS, leaf.id, rid.encode()),
            *first,
        ]

    def _key(self, leaf: kinds.KeyLeaf, rid: str) -> list[Effect]:
        if leaf.use == ADMIN:
            return self._admin(leaf, rid)
        if leaf.use in (PARTY, REGISTRAR, LABEL):
            return self._party_key(leaf, rid)
        if leaf.use == NODE:
            return self._node(leaf, rid)
        if leaf.use == "log":
            return self._log_key(leaf, rid)
        names = {"warrant": "issuer", FEED_KEY: FEED_KEY, DETECTOR_KEY: DETECTOR_KEY, CANARY_KEY: CANARY_KEY}
        if leaf.use not in names or isinstance(leaf.prev, str):
            return []
        return [Put(Space.MISC, names[leaf.use], rid.encode())]

    def _log_key(self, leaf: kinds.KeyLeaf, rid: str) -> list[Effect]:
        if leaf.end is True:
            return [Put(Space.MISC, LOG_KEY_ENDED, _known(self.book.raw(Space.MISC, LOG_KEY)))]
        if isinstance(leaf.prev, str):
            return [Put(Space.MISC, LOG_KEY, rid.encode())]
        return [Put(Space.MISC, name, leaf.own.encode()) for name in ("domain", "origin")]

    def _admin(self, leaf: kinds.KeyLeaf, rid: str) -> list[Effect]:
        if leaf.end is True:
            row = msgspec.structs.replace(_known(self.book.admin(_text(leaf.prev))), ended=leaf.t)
            return [Put(Space.ADMINS, row.rid, encode_row(row))]
        person = _known(self.book.party(leaf.own))
        roles = tuple(AdminRole(role) for role in leaf.roles) if isinstance(leaf.roles, list) else ()
        row = Admin(rid=rid, person=person.rid, name=person.name, key=leaf.pub, roles=roles, since=leaf.t)
        return [
            Put(Space.ADMINS, rid, encode_row(row)),
            *_claimed(leaf, leaf.pub, person.rid),
            count(self.book, ENROLMENTS + person.rid),
        ]

    def _party_key(self, leaf: kinds.KeyLeaf, rid: str) -> list[Effect]:
        if leaf.end is True:
            raw = _known(self.book.raw(Space.PARTY_KEYS, _text(leaf.prev)))
            row = msgspec.structs.replace(_party_key(raw), ended=leaf.t)
            return [Put(Space.PARTY_KEYS, row.rid, encode_row(row))]
        row = PartyKey(rid=rid, party=leaf.own, key=leaf.pub, use=leaf.use, since=leaf.t)
        return [Put(Space.PARTY_KEYS, rid, encode_row(row)), *_claimed(leaf, leaf.pub, leaf.own)]

    def _node(self, leaf: kinds.KeyLeaf, rid: str) -> list[Effect]:
        if leaf.end is True:
            row = msgspec.structs.replace(_known(self.book.node(_text(leaf.prev))), ended=leaf.t)
            return [Put(Space.NODES, row.rid, encode_row(row))]
        name, log = nodes.said(leaf)
        row = Node(rid=rid, name=name, party=leaf.own, key=leaf.pub, log=log, since=leaf.t)
        return [Put(Space.NODES, rid, encode_row(row)), *_claimed(leaf, leaf.pub, leaf.own)]

    def _announce(self, leaf: kinds.AnnounceLeaf, rid: str) -> list[Effect]:
        row = Announcement(
            rid=rid,
            kind=SystemKind(leaf.kind),
            party=leaf.by,
            edges=_edges(leaf.edges),
            name=self._name(rid, rid),
            since=leaf.t,
        )
        return [Put(Space.ANNOUNCED, rid, encode_row(row))]

    def _system(self, leaf: kinds.SystemLeaf, rid: str) -> list[Effect]:
        edges = _edges(leaf.edges)
        compute = leaf.cmp
        shares, need = of_leaf(leaf)
        scope, may, maker = scoped.of_leaf(leaf)
        row = System(
            rid=rid,
            id=leaf.id,
            num=leaf.num,
            kind=SystemKind(leaf.kind),
            name=self._name(rid, leaf.id),
            version=leaf.ver,
            parties=tuple(PartyRole(party=entry.rid, role=Role(entry.role)) for entry in leaf.parties),
            edges=edges,
            ancestors=tuple(above.num for above in lineage.ancestors(self.book, edges)),
            tier=leaf.tier,
            audience=Audience(leaf.aud),
            worlds=tuple(World(world) for world in leaf.wld),
            criticality=Criticality(leaf.crit),
            since=leaf.t,
            digests=tuple(leaf.dig),
            licence=_text(leaf.lic),
            compute=None if compute is UNSET else Compute(petaflop=compute.pf, measure=Measure(compute.mjk)),
            capabilities=tuple(leaf.cap),
            users=leaf.usr,
            opaque=_opaque(leaf.opq),
            announced=_text(leaf.ann),
            dead=_text(leaf.dead),
            reauthorises=_text(leaf.re),
            shares=shares,
            owners_need=need,
            scope=scope,
            may=may,
            maker=maker,
        )
        return [
            Put(Space.SYSTEMS, rid, encode_row(row)),
            Put(Space.SYSTEM_IDS, row.id, rid.encode()),
            Put(Space.COUNTERS, SYSTEM_NUMBER, str(row.num).encode()),
        ]

    def _transfer(self, leaf: kinds.TransferLeaf, rid: str) -> list[Effect]:
        system = _known(self.book.system(leaf.sys))
        held = PartyRole(party=leaf.old, role=Role(leaf.role))
        taken = PartyRole(party=leaf.new, role=Role(leaf.role))
        parties = tuple(taken if entry == held else entry for entry in system.parties)
        shares = moved(system.shares, leaf.old, leaf.new)
        sold = msgspec.structs.replace(system, parties=parties, shares=shares)
        return [
            Put(Space.SYSTEMS, system.rid, encode_row(sold)),
            Put(Space.TRANSFERS, system.rid, rid.encode()),
            Put(Space.NONCES, leaf.n, str(leaf.t).encode()),
        ]

    def _copy(self, leaf: kinds.CopyLeaf, rid: str) -> list[Effect]:
        if leaf.st != START:
            ended = msgspec.structs.replace(_known(self.book.copy(leaf.id)), ended=leaf.t)
            return [Put(Space.COPIES, ended.rid, encode_row(ended))]
        here = leaf.loc == "process"
        row = Copy(
            rid=rid,
            id=leaf.id,
            system=leaf.sys,
            key=leaf.pub,
            since=leaf.t,
            process=UNKNOWN_PROCESS if here else "",
            endpoint="" if here else UNKNOWN_ENDPOINT,
            node=nodes.keeper(leaf),
        )
        return [
            Put(Space.COPIES, rid, encode_row(row)),
            Put(Space.COPY_IDS, leaf.id, rid.encode()),
            *_claimed(leaf, leaf.pub, rid),
        ]

    def _handle(self, leaf: kinds.HandleLeaf, rid: str) -> list[Effect]:
        if leaf.st == "revoke":
            row = msgspec.structs.replace(_known(self.book.handle(leaf.dig)), revoked=leaf.t)
        else:
            row = Handle(rid=rid, digest=leaf.dig, copy=leaf.cpy, binding=leaf.bnd, since=leaf.t, expires=leaf.exp)
        return [Put(Space.HANDLES, leaf.dig, encode_row(row))]

    def _order(self, leaf: kinds.OrderLeaf, rid: str) -> list[Effect]:
        return stop(self.book, leaf, rid, self._told(rid, "reason") or "")

    def _incident(self, leaf: kinds.IncidentLeaf, rid: str) -> list[Effect]:
        if leaf.x is UNSET:
            return []
        return [Put(Space.INCIDENTS, rid, encode_row(incidents.row_of(leaf, rid)))]

    def _event(self, leaf: kinds.EventLeaf, rid: str) -> list[Effect]:
        spent = Put(Space.NONCES, leaf.n, str(leaf.t).encode())
        if leaf.what not in incidents.KEPT:
            return [spent]
        row = incidents.said(leaf, rid, self._told(rid, GROUP) or "", leaf.t)
        return [spent, Put(Space.EVENTS, rid, encode_row(row))]

    def _name(self, rid: str, otherwise: str) -> str:
        return self._told(rid, "name") or otherwise


def told_nowhere(space: Space, key: str) -> bool:
    """Whether no leaf tells this row."""
    if space is Space.MISC:
        return key not in _TOLD_MISC and not key.startswith((SHARD, AUTHORITY))
    if space is Space.HELD:
        return key.startswith(INDEX)
    return space not in TOLD or (space is Space.NONCES and key.startswith(_BOOT))


def unlike(space: Space, kept: bytes, told: bytes, unnamed: Set[str]) -> set[str]:
    """The members in which two rows differ, but for those that no leaf tells; {"value"} for rows that are no objects.
    unnamed: rids whose texts are not known."""
    if kept == told:
        return set()
    if space is Space.CALLS:
        return replay_calls.unlike(kept, told)
    try:
        mine, theirs = msgspec.json.decode(kept), msgspec.json.decode(told)
    except msgspec.MsgspecError:
        return {"value"}
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        return {"value"}
    passed = _untold(space, theirs, unnamed)
    return {name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)} - passed


def overlay(replay: Replay, kept: Sequence[Mapping[str, Mapping[str, bytes]]], unnamed: Set[str]) -> list[Effect]:
    """What leaves do not tell, from rows of logs that still have it: the first one that has a row counts. Never a
    member that a leaf tells."""
    effects: list[Effect] = []
    for space in Space:
        told = dict(replay.book.rows(space))
        # A call of which the leaves tell is told whole by them: an older row of it may say that it has not ended.
        done: set[str] = set(replay.calls.keys.values()) if space is Space.CALLS else set()
        for rows in kept:
            for key, old in rows.get(space, {}).items():
                if key in done or (key not in told and not told_nowhere(space, key)):
                    continue
                done.add(key)
                if key in told and told_nowhere(space, key):
                    continue  # what leaves tell all the same is newer than any older log's
                row = old if told_nowhere(space, key) else merged(space, old, told[key], unnamed)
                if row != told.get(key):
                    effects.append(Put(space, key, row))
    return effects


def _untold(space: Space, row: Mapping[str, object], unnamed: Set[str]) -> frozenset[str]:
    texts = TEXTS if {row.get("rid"), row.get("person")} & unnamed else frozenset[str]()
    if space is Space.HELD:
        texts = HELD_TEXTS if {row.get("rid"), row.get("open")} & unnamed else frozenset[str]()
    return UNTOLD.get(space, frozenset()) | texts


def merged(space: Space, old: bytes, told: bytes, unnamed: Set[str]) -> bytes:
    """The row as leaves tell it, with what they do not tell as it was."""
    try:
        mine, theirs = msgspec.json.decode(old), msgspec.json.decode(told)
        taken = {name: mine[name] for name in _untold(space, theirs, unnamed) if name in mine}
    except (msgspec.MsgspecError, AttributeError, TypeError):
        return told
    return msgspec.json.encode({**theirs, **taken})


_party_key = msgspec.json.Decoder(PartyKey).decode


def _claimed(leaf: kinds.KeyLeaf | kinds.CopyLeaf, key: str, owner: str) -> list[Effect]:
    return [Put(Space.KEYS, key, owner.encode()), Put(Space.NONCES, leaf.n, str(leaf.t).encode())]


def _known(row: Any) -> Any:
    if row is None:
        raise ValueError("it names what is not registered")
    return row


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _edges(refs: list[kinds.EdgeRef]) -> tuple[Edge, ...]:
    return tuple(Edge(parent=ref.p, relation=Relation(ref.rel)) for ref in refs)


def _opaque(ref: kinds.OpaqueRef | kinds.Opt) -> Opaque | None:
    if isinstance(ref, msgspec.UnsetType):
        return None
    return Opaque(
        provider=ref.provider,
        endpoint=ref.endpoint,
        model=ref.model,
        version=ref.version,
        filing=_text(ref.filing),
        probe=_text(ref.probe),
    )
