# SPDX-License-Identifier: Apache-2.0
"""The record of a file that a person has labelled: an open leaf before the label is made, so that the label can name
it, and a close leaf that commits to the labelled file, before the file gets its name.

Whoever made the file is a registered system under a live warrant, and passes the gate as in an action: what is stopped
labels nothing. The rules are those of a generation.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec
from msgspec import UNSET

from answerable.control.answers import Answer
from answerable.control.receipts import assemble
from answerable.control.services import Services
from answerable.control.traced import opening
from answerable.crypto.random import leaf_nonce, salts
from answerable.errors import Refused, VerificationError
from answerable.log.commitment import commit
from answerable.log.leaf import decode, encode, rid
from answerable.marks import aigc, kept
from answerable.marks.kept import Asked, Kept
from answerable.marks.signature import party_of
from answerable.model.actions import About, Action, Decision, Facts
from answerable.model.leaves import CloseLeaf, Commitments, OpenLeaf
from answerable.model.prints import Print, alike, distance
from answerable.model.records import Copy, System
from answerable.model.terms import PROPAGATION, Act, DataClass, Effect, Locality, Outcome, Role, Ruling, World
from answerable.model.units import Drop, Expect, Payload, Put, Space, Unit
from answerable.model.warrants import Bearer, Credential, Peer
from answerable.pipeline.deps import Deps
from answerable.pipeline.found import content_tag, file_tag, hidden, kept_tags, watermark_tag
from answerable.pipeline.record import WITNESSED_TIER
from answerable.pipeline.steps import Ruled
from answerable.policy.combine import decide, digest
from answerable.ports import Signer
from answerable.registry import find, keys

EXTENSION: Final = "answerable.label"
LOOKED_AT: Final = 64  # records with the same bytes that are compared with what is asked
MAX_BEGUN: Final = 1_024
LEFT_MS: Final = 60 * 60_000  # what nobody ended by then was given up


class Begun(Answer, frozen=True, kw_only=True):
    """record: goes into the label; provider: the operator's code, its ContentProducer; operator: id of that party;
    system, party: rids of what made the file and who answers for it; act: generation, or propagation where another
    producer's label stands; receipt: of the record, base64, for the C2PA manifest; alike: record of another party
    whose content looks or sounds like this file, the nearest, "" for none: it is told of, and no reason to refuse."""

    record: str
    provider: str
    operator: str
    system: str
    party: str
    act: str
    receipt: bytes
    alike: str = ""


class Marks(msgspec.Struct, frozen=True):
    """By what a file is found again when its bytes have changed. content: SHA-256 of what it shows or says, "" where
    its format tells none; watermark: its 48 bits, None for none."""

    prints: tuple[Print, ...] = ()
    sketch: tuple[int, ...] = ()
    watermark: int | None = None
    content: str = ""


class _Open(msgspec.Struct, frozen=True):
    opened: bytes  # row of `Space.OPENS`
    salt: bytes  # of the close leaf's commitment
    since: int
    expires: int | None
    asked: Asked


class Labelling:
    """deps: what the path itself uses; key: signs labels, made at first use."""

    def __init__(self, deps: Deps, key: Callable[[], Signer]) -> None:
        self._deps = deps
        self._key = key
        self._begun: dict[str, _Open] = {}

    async def begin(self, services: Services, system: str, asked: Asked, by: str, marks: Marks | None = None) -> Begun:
        """The record of a file that is to be labelled. system: what made it, by name or id, "" for the only one that
        runs; by: rid of the key leaf of who asks; marks: by what the log is asked whether another party made it.

        Raises Refused ``label.contradicted|another_record|foreign|system``, ``system.unknown``, ``policy.refused``,
        ``action.held``, ``stop.*``, ``warrant.*``; Unavailable ``log.*``.
        """
        made_by = self._system(services, system)
        act = self._act(asked)
        party = made_by.party(Role.DEPLOYER)
        like = await not_anothers(services, asked, party, marks or Marks())
        if record := await labelled_as(services, asked.before):
            raise Refused("label.another_record", record=record)
        bearer = await self._bearer(services, made_by)
        await self._pin(services)
        await self._give_up(services)
        now = services.clock.now_ms()
        decision = decide(self._facts(bearer), self._about(bearer), self._deps.policies)
        permitted = decision.ruling is Ruling.PERMIT
        salt_in, salt_out = salts()
        said = kept.body(asked)
        leaf = encode(self._leaf(bearer, decision, act, commit("in", salt_in, said), by, now))
        record, row = rid(leaf), str(now).encode()
        expires = self._expires(bearer, said, now)
        payloads = () if expires is None else (Payload(record, "in", salt_in, said, (), expires),)
        effects = (Put(Space.OPENS, record, row),) if permitted else ()
        witnessed = permitted and self._deps.tier_of(bearer.system) >= WITNESSED_TIER
        await services.ledger.commit(Unit((leaf,), effects, (), payloads, witnessed=witnessed))
        if not permitted:
            raise Ruled(decision)
        self._begun[record] = _Open(row, salt_out, now, expires, asked)
        made = await assemble(services.reader, services.book, record)
        return Begun(
            record=record, provider=self._deps.provider, operator=services.operator, system=made_by.rid, party=party,
            act=act, receipt=made.receipt, alike=like,
        )  # fmt: skip

    async def end(
        self, services: Services, record: str, done: Kept | None, error: str = "", marks: Marks | None = None
    ) -> str:
        """The file was labelled, or was not: rid of the close leaf, durable. done: what was made, None where `error`
        says why nothing was; marks: by what it is found again when its bytes have changed.

        Raises Refused ``admin.not_found`` for a record that nobody began here,
        ``label.another_record`` for a label that does not name it; Unavailable ``log.*``."""
        begun = self._begun.get(record)
        if begun is None:
            raise Refused("admin.not_found", name=record[:64])
        if done is not None:
            _check(done, begun.asked, record)
        del self._begun[record]
        outcome = Outcome.ERROR if done is None else Outcome.DONE
        return await self._close(services, record, begun, done, outcome, error, marks or Marks())

    async def _close(
        self,
        services: Services,
        record: str,
        begun: _Open,
        done: Kept | None,
        outcome: Outcome,
        error: str,
        marks: Marks,
    ) -> str:
        said = kept.body(done) if done is not None else b""
        leaf = encode(
            CloseLeaf(
                c=Commitments(out=commit("out", begun.salt, said)) if said else UNSET,
                err=error or UNSET,
                n=leaf_nonce(),
                open=record,
                st=outcome,
                t=services.clock.now_ms(),
            )
        )
        payloads: tuple[Payload, ...] = ()
        if done is not None and begun.expires is not None:
            tags = kept_tags(
                services.index_key,
                map(bytes.fromhex, (done.digest, done.before)),
                content=bytes.fromhex(done.content),
                prints=marks.prints,
                sketch=marks.sketch,
                watermark=marks.watermark,
            )
            payloads = (Payload(rid(leaf), "out", begun.salt, said, tags, begun.expires),)
        expect = (Expect(Space.OPENS, record, begun.opened),)
        await services.ledger.commit(Unit((leaf,), (Drop(Space.OPENS, record),), expect, payloads))
        return rid(leaf)

    async def _give_up(self, services: Services) -> None:
        """What was begun and never ended, because the command was killed, is closed as unknown."""
        left = services.clock.now_ms() - LEFT_MS
        for record, begun in list(self._begun.items()):
            if begun.since >= left and len(self._begun) < MAX_BEGUN:
                continue
            if self._begun.pop(record, None) is not None:
                with suppress(Refused):  # closed meanwhile
                    await self._close(services, record, begun, None, Outcome.UNKNOWN, "", Marks())

    def _system(self, services: Services, name: str) -> System:
        if name:
            return find.system(services.book, name)
        running = [system for system in services.book.systems() if _running(services, system)]
        if len(running) != 1:
            raise Refused("label.system", detail=f"{len(running)} systems have a running copy")
        return running[0]

    def _act(self, asked: Asked) -> str:
        """What the label that stands in the file makes of us."""
        if not asked.label:
            return Act.GENERATION
        try:
            stands = aigc.read(asked.label).aigc
        except VerificationError as error:
            raise Refused("label.foreign", detail=str(error.params.get("detail"))) from None
        if party_of(stands.content_producer) == party_of(self._deps.provider):
            raise Refused("label.another_record", record=stands.produce_id[:64])
        return PROPAGATION

    async def _bearer(self, services: Services, system: System) -> Bearer:
        """The first of the system's copies here that the gate admits. Raises the refusal of the last one."""
        refusal = Refused("label.system", detail=f"{system.name} has no running copy")
        for copy in _running(services, system):
            try:
                bearer = await self._deps.desk.own(copy)
                self._deps.gate.admit(bearer)
            except Refused as error:
                refusal = error
            else:
                return bearer
        raise refusal

    async def _pin(self, services: Services) -> None:
        """The label key stands in the registry, as its operator's, before a label is signed with it. One that was
        withdrawn is taken for ever: nothing is labelled until the store has another."""
        operator = find.party(services.book, services.operator)
        planned = keys.enrol_label(services.book, operator, self._key(), services.clock.now_ms())
        if planned is not None:
            await services.ledger.commit(planned.unit)

    def _facts(self, bearer: Bearer) -> Facts:
        deps, system = self._deps, bearer.system
        return Facts(
            act=Act.GENERATION,
            tier=deps.tier_of(system),
            world=World.INFORMATION,
            criticality=system.criticality,
            audience=bearer.warrant.audience,
            standing=bearer.party.standing,
            stopped=bool(deps.gate.stopped_by(bearer)),
            duties_met=deps.duties_met(system),
            data_class=DataClass.OPEN,
            locality=Locality.LOCAL,
            effect=Effect.NONE,
            envelope=False,
            guarded=False,
            attested=True,
            funded=True,
            needs_met=True,
        )

    def _expires(self, bearer: Bearer, said: bytes, now: int) -> int | None:
        """Until when digests are kept, by the store's rules; 0: as the store says; None: they are not."""
        if (keep := self._deps.keep) is None:
            return 0
        return keep(_action(bearer, said), bearer.system, self._deps.tier_of(bearer.system), now)

    def _about(self, bearer: Bearer) -> About:
        return About(_action(bearer, b""), bearer, bearer)

    def _leaf(self, bearer: Bearer, decision: Decision, act: str, asked: str, by: str, now: int) -> OpenLeaf:
        return OpenLeaf(
            act=act,
            c=Commitments(in_=asked),
            dec=decision.ruling,
            err=UNSET if decision.ruling is Ruling.PERMIT else Ruled(decision).code,
            n=leaf_nonce(),
            par=[],
            party=bearer.system.party(Role.DEPLOYER),
            pol=digest(self._deps.policies),
            rule=decision.rule,
            sys=bearer.system.rid,
            t=now,
            tier=self._deps.tier_of(bearer.system),
            war=bearer.warrant.grant,
            wld=World.INFORMATION,
            x={EXTENSION: {"by": by}},
        )


def _action(bearer: Bearer, said: bytes) -> Action:
    """What labelling a file counts as: an answer of the system that made it."""
    return Action(Act.GENERATION, Credential("", Peer()), bearer.system.name, {}, said, False, "en")


def _running(services: Services, system: System) -> list[Copy]:
    """Copies whose warrants are kept here."""
    return [copy for copy in services.book.copies_of(system.rid) if not copy.ended and not copy.node]


async def labelled_as(services: Services, digest: str) -> str:
    """The record under which these very bytes were labelled, the newest, "" for none: plain text has no field that
    names it. digest: SHA-256, hex."""
    found = await services.reader.by_tag(file_tag(bytes.fromhex(digest), services.index_key))
    for name in list(found)[: -LOOKED_AT - 1 : -1]:
        stored = await services.reader.payload(name, "out")
        body = stored[1] if stored is not None else None
        if body is not None and any(its.digest == digest for its in kept.files(body)):
            return await opening(services, name)
    return ""


async def not_anothers(services: Services, asked: Asked, party: str, marks: Marks) -> str:
    """The nearest record of another party that the file is alike, "" for none.

    Raises Refused ``label.contradicted`` where the log has these bytes, what they show or say, or their watermark as
    another party's. What another party passed on alone, under the label that stands in it, others may pass on too.
    """
    key = services.index_key
    layers = {"bytes": file_tag(bytes.fromhex(asked.before), key)}
    if marks.content:
        layers["content"] = content_tag(bytes.fromhex(marks.content), key)
    if marks.watermark is not None:
        layers["watermark"] = watermark_tag(marks.watermark, key)
    for layer, tag in layers.items():
        found = await services.reader.by_tag(tag)
        if record := await _anothers(services, list(found)[-LOOKED_AT:], asked, party):
            raise Refused("label.contradicted", detail=f"record {record} is of another party ({layer})")
    near: list[str] = []
    for each in marks.prints:
        its = hidden(each, key)
        found_near = await services.reader.near(its)
        near += [rid for rid, other in found_near if (far := distance(its, other)) is not None and alike(far)]
    return await _anothers(services, near[:LOOKED_AT][::-1], asked, party)


async def _anothers(services: Services, names: list[str], asked: Asked, party: str) -> str:
    """The last of these records that is of another party, and says that it made the file."""
    for name in reversed(names):
        opened = await _opened(services, name)
        passed_on = asked.label and opened is not None and opened.act == PROPAGATION
        if opened is not None and opened.party != party and not passed_on:
            return name
    return ""


async def _opened(services: Services, name: str) -> OpenLeaf | None:
    for _ in range(2):
        data = await services.reader.find(name)
        leaf = decode(data) if data is not None else None
        if not isinstance(leaf, CloseLeaf):
            return leaf if isinstance(leaf, OpenLeaf) else None
        name = leaf.open
    return None


def _check(done: Kept, asked: Asked, record: str) -> None:
    """What is committed to is the label of this record, of the file that was asked about."""
    label = aigc.read(done.aigc).aigc
    if record not in (label.produce_id, label.propagate_id) or done.before != asked.before:
        raise Refused("label.another_record", record=label.produce_id[:64])
