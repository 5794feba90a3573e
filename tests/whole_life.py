# SPDX-License-Identifier: Apache-2.0
"""A registry in which everything happens once that changes its rows: for what tells them again from the leaves."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.admission import receipts, reports
from answerable.admission.receipts import Receipt, StopState
from answerable.app import rotation
from answerable.config import RedlinesConfig
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce, salt
from answerable.errors import Refused
from answerable.log.commitment import commit
from answerable.log.leaf import encode, rid
from answerable.log.roster import key_id
from answerable.log.statement import sign
from answerable.model import events
from answerable.model.leaves import (
    AuthorityRef,
    CloseLeaf,
    Commitments,
    KeyLeaf,
    OpenLeaf,
    RefusalsLeaf,
    RefusedLeaf,
    RootsRef,
)
from answerable.model.records import Party, System
from answerable.model.sights import Sight, Standing
from answerable.model.terms import AdminRole, Basis, HoldScope, OrderKind, Purpose, Relation, Role, Scope, SystemKind
from answerable.model.units import Drop, Expect, Payload, Put, Space, Unit
from answerable.privacy import erasure, feed, grants, holds
from answerable.privacy.statements import Subject, Words, with_signatures
from answerable.redlines import incidents
from answerable.redlines.desk import Desk
from answerable.registry import admins, copies, keys, parties, systems, transfers
from answerable.registry.requests import (
    AnnounceSystem,
    ComputeSpec,
    EndCopy,
    OpaqueSpec,
    OwnersSpec,
    PartySpec,
    ShareSpec,
    WithdrawKey,
)
from answerable.stops import confirming, detecting, orders, rosters
from answerable.stops.planned import Reason
from answerable.stops.reauthorise import reauthorise
from answerable.stops.reauthorise import statement as reauthorisation
from answerable.warrants import handles
from tests.ledger import SIGNER
from tests.small_registry import ORIGIN, Registry, digest

WHY = Reason.of("it lied")
HOUR_MS = 3_600_000


class Life(Registry):
    """units: in order, with their payloads."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.open = ""  # the action that has no end
        self.erased: Subject | None = None
        super().__init__()

    def write(self, unit: Unit) -> None:
        # The small registry looks for every commitment in `c`: those of bases stand in `x`.
        plain = tuple(payload for payload in unit.payloads if payload.group != "basis")
        super().write(msgspec.structs.replace(unit, payloads=plain))
        self.units.append(unit)
        self.now += 1000

    def found(self) -> None:
        """As `init` does it."""
        leaves = [
            encode(KeyLeaf(n=nonce(), own=ORIGIN, pub=b64u(key.public), t=self.now, use=use))
            for use, key in (("log", SIGNER), ("warrant", Key.generate()))
        ]
        rows = {"domain": ORIGIN, "origin": ORIGIN, "issuer": rid(leaves[1])}
        self.write(
            Unit(
                leaves=tuple(leaves),
                effects=tuple(Put(Space.MISC, key, value.encode()) for key, value in rows.items()),
            )
        )

    def red_line(self, system: System) -> None:
        """A copy tells that it lives without a lease: its incident, and the detectors' order, signed by their key."""
        key, detector = Key.generate(), Key.generate()
        copy = self.commit(copies.start(self.book, self.starting(system, key), self.now))
        leaf = encode(KeyLeaf(n=nonce(), own=ORIGIN, pub=b64u(detector.public), t=self.now, use=detecting.USE))
        self.write(Unit(leaves=(leaf,), effects=(Put(Space.MISC, detecting.USE, rid(leaf).encode()),)))
        told = reports.make(
            events.AliveUnleased(ms=5), system=system.rid, by=copy, copy=copy, origin=ORIGIN, key=key, at=self.now
        )
        read = reports.accept(told, origin=ORIGIN, public=key.public, now_ms=self.now)
        its = self.commit(incidents.told(self.book, read, self.now))
        sight = Sight(its, self.now, system.rid, copy, Standing.OWN, read.event, read.fact)
        (judged,) = Desk(self.book, RedlinesConfig()).judge(sight)
        order = detecting.statement(
            self.book, kind=OrderKind.SUSPEND, root=copy, scope=Scope.COPY, reason=WHY, signer=detector
        )
        planned = detecting.order(self.book, order, WHY, self.now, public=detector.public)
        self.commit(incidents.incident(judged, self.now, order=planned))
        whole = detecting.statement(
            self.book, kind=OrderKind.SUSPEND, root=system.rid, scope=Scope.SYSTEM, reason=WHY, signer=detector
        )
        self.commit(detecting.order(self.book, whole, WHY, self.now, public=detector.public))
        officer = self.admin(self.person("Judge"), AdminRole.OFFICER)
        window = events.EvaluationWindow(until=self.now + 5, lines=("RL3",))
        told = reports.make(window, system=system.rid, by=officer[1], origin=ORIGIN, key=officer[0], at=self.now)
        read = reports.accept(told, origin=ORIGIN, public=officer[0].public, now_ms=self.now)
        self.commit(incidents.told(self.book, read, self.now))

    def powers(self, maker: Party, buyer: Party, *officers: tuple[Key, str]) -> None:
        """A roster with an authority, its order and release; a staged plan; co-owners who order about their own."""
        roots, theirs = [Key.generate() for _ in range(2)], Key.generate()
        refs = tuple(each for each in rosters.enrolled(self.book))
        leaf = rosters.draft(
            None,
            refs,
            RootsRef(keys=[b64u(key.public) for key in roots], need=2),
            (AuthorityRef(keys=[b64u(theirs.public)], name="Surveillance", need=1),),
        )
        self.commit(
            rosters.place(self.book, self.signed(leaf, *((key, key_id(key.public)) for key in roots)), self.now)
        )
        shared = self.system(
            maker,
            "shared",
            parties=(PartySpec(party=maker.rid, role=Role.PROVIDER), PartySpec(party=buyer.rid, role=Role.DEPLOYER)),
            owners=OwnersSpec(
                shares=(ShareSpec(party=maker.rid, count=2), ShareSpec(party=buyer.rid, count=1)), need=3
            ),
            digests=(digest("shared"),),
        )
        self.system(buyer, "the same", digests=(digest("shared"),))
        owners = [self.key(maker), self.key(buyer)]
        authority = (theirs, key_id(theirs.public))
        for signers, more in (
            (owners, {"scope": Scope.SYSTEM}),
            ([authority], {}),
            ([officers[0]], {"pause_ms": 600_000}),
        ):
            order: Any = orders.statement(self.book, kind=OrderKind.SUSPEND, root=shared.rid, reason=WHY, **more)  # type: ignore[arg-type]
            its = self.commit(orders.suspend(self.book, self.signed(order, *signers), WHY, self.now))
            enders = officers[:2] if signers == [officers[0]] else signers
            ends = self.signed(orders.release_statement(its), *enders)
            self.commit(orders.release(self.book, ends, self.now))
        self.write(
            Unit(
                leaves=(
                    encode(
                        RefusedLeaf(
                            by=officers[0][1], dig="0" * 64, err="stop.officers", n=nonce(), of="order", t=self.now
                        )
                    ),
                )
            )
        )

    def confirms(self, order: str, copy: str, key: Key) -> None:
        """A copy's signed word that it stopped, for one order."""
        told = Receipt(order, copy, self.now, self.now - 5, 0, StopState.STOPPED, nonce())
        planned = confirming.plan(self.book, receipts.make(told, key, ORIGIN), ORIGIN, self.now)
        assert planned.unit is not None
        self.write(planned.unit)

    def act(self, system: System, *, ends: bool) -> Subject:
        body, hidden, who, whose = b"what is asked", salt(), b"someone", salt()
        leaf = OpenLeaf(
            act="generate",
            c=Commitments(in_=commit("in", hidden, body)),
            dec="permit",
            n=nonce(),
            par=[],
            party=system.parties[0].party,
            pol="0" * 64,
            pri=commit("pri", whose, who),
            rule="R000",
            sys=system.rid,
            t=self.now,
            tier=0,
            war=system.rid,
            wld="information",
        )
        data = encode(leaf)
        its = rid(data)
        at = str(self.now).encode()
        # `write` of the small registry checks payloads against `c` alone.
        Registry.write(self, Unit(leaves=(data,), effects=(Put(Space.OPENS, its, at),)))
        payloads = (Payload(its, "in", hidden, body), Payload(its, "pri", whose, who))
        self.units.append(Unit(leaves=(data,), effects=(Put(Space.OPENS, its, at),), payloads=payloads))
        at_ = len(self.leaves) - 1
        if not ends:
            self.open = its
            return Subject(its, system.parties[0].party, (system.rid,), ((at_, its),), ended=False)
        end = encode(CloseLeaf(n=nonce(), open=its, st="done", t=self.now))
        self.write(
            Unit(leaves=(end,), effects=(Drop(Space.OPENS, its),), expect=(Expect(Space.OPENS, its, at),)),
        )
        return Subject(its, system.parties[0].party, (system.rid,), ((at_, its), (at_ + 1, rid(end))))

    def signed(self, leaf: Any, *signers: tuple[Key, str]) -> Any:
        return with_signatures(leaf, [sign(leaf, ORIGIN, key, kid) for key, kid in signers])

    def keys(self) -> None:
        """A rotation of the log's key, as `log rotate-key` does it, and the key of the authorities' feed."""
        new = KeyLeaf(
            n=nonce(), own=ORIGIN, prev=rid(self.leaves[0]), pub=b64u(Key.generate().public), t=self.now, use="log"
        )
        its = rid(encode(new)).encode()
        self.write(Unit(leaves=(encode(new),), effects=(Put(Space.MISC, rotation.ROW, its),)))
        old = KeyLeaf(
            end=True, n=nonce(), own=ORIGIN, prev=rid(self.leaves[0]), pub=b64u(SIGNER.public), t=self.now, use="log"
        )
        self.write(Unit(leaves=(encode(old),), effects=(Put(Space.MISC, rotation.ENDED, its),)))
        key = encode(KeyLeaf(n=nonce(), own=ORIGIN, pub=b64u(Key.generate().public), t=self.now, use=feed.USE))
        self.write(Unit(leaves=(key,), effects=(Put(Space.MISC, feed.USE, rid(key).encode()),)))

    def confidences(self, system: System, owner: tuple[Key, str], *officers: tuple[Key, str]) -> None:
        """Grants, readings, legal holds, an erasure."""
        subject = self.act(system, ends=True)
        reason, basis = Words.of("reason", "a court asks"), Words.of("basis", "the law of the place")
        first = officers[0][1]
        reader = next(admin for admin in self.book.admins() if admin.rid == officers[2][1])
        until = self.now + HOUR_MS
        leaf = grants.grant_statement(subject.record, reader.person, Purpose.COMPLAINT, until, owner[1])
        given = self.commit(grants.grant(self.book, self.signed(leaf, owner), subject, self.now))
        leaf = grants.grant_statement(subject.record, reader.person, Purpose.AUDIT, until, first, words=basis)
        lawful = self.signed(leaf, *officers[:2])
        self.commit(grants.grant(self.book, lawful, subject, self.now, words=basis))
        read = grants.read_statement(given, subject.record, ["in"])
        self.commit(grants.read(self.book, self.signed(read, officers[2]), reader, self.now))
        self.commit(grants.revoke(self.book, self.signed(grants.revoke_statement(given), owner), self.now))
        held = holds.statement(HoldScope.RECORD, subject.record, reason)
        kept = self.commit(holds.hold(self.book, self.signed(held, officers[0]), reason, self.now, subject=subject))
        lifting = holds.statement(HoldScope.RECORD, subject.record, reason, prev=kept)
        self.commit(holds.lift(self.book, self.signed(lifting, *officers[:2]), reason, self.now))
        gone = erasure.statement(subject.record, Basis.CONSENT, basis, first)
        self.erased = subject
        self.commit(erasure.erase(self.book, self.signed(gone, *officers[:2]), basis, subject, self.now))

    def order(self, kind: OrderKind, root: str, *officers: tuple[Key, str], prev: str = "") -> str:
        leaf: Any = orders.statement(self.book, kind=kind, root=root, reason=WHY, scope=Scope.LINEAGE, prev=prev)
        leaf = msgspec.structs.replace(leaf, sigs=[sign(leaf, ORIGIN, key, kid) for key, kid in officers])
        plan = orders.suspend if kind is OrderKind.SUSPEND else orders.terminate
        return self.commit(plan(self.book, leaf, WHY, self.now))


def whole_life() -> Life:
    life = Life()
    life.found()
    operator = life.party("Operator")
    life.write(Unit(effects=(Put(Space.MISC, "operator", operator.id.encode()),)))
    life.admin(life.person("Admin"), AdminRole.ADMINISTRATOR)
    officers = [life.admin(life.person(f"Officer {n}"), AdminRole.OFFICER) for n in range(4)]
    _, leaving = life.admin(life.person("Leaver"), AdminRole.OFFICER)
    life.commit(admins.withdraw(life.book, WithdrawKey(key=leaving), life.now, by=life.administrator()))
    buyer = life.party("Buyer", vouched=True)
    maker = life.party("Maker")
    _, spare = life.key(maker)
    life.commit(keys.withdraw(life.book, WithdrawKey(key=spare), life.now, by=life.administrator()))
    life.commit(parties.challenge(life.book, maker.id, life.now))

    base = life.system(maker, "base", digests=(digest("base"),), licence="Apache-2.0", upstream="here")
    edges = ((base, Relation.QUANTIZED),)
    announced = life.commit(
        systems.announce(
            life.book,
            AnnounceSystem(
                name="small", kind=SystemKind.MODEL, party=maker.rid, edges=life.request(maker, edges=edges).edges
            ),
            life.now,
        )
    )
    small = life.system(maker, "small", edges=edges, digests=(digest("small"),), announced=announced)
    other = life.system(
        maker,
        "other",
        compute=ComputeSpec(petaflop=7),
        opaque=OpaqueSpec(provider="p", endpoint="https://p.example/v1", model="m", version="1"),
    )
    life.system(maker, "app", kind=SystemKind.APPLICATION, edges=((small, Relation.USES),))
    life.commit(transfers.transfer(life.book, life.selling(other, maker, buyer), life.now))
    ended = life.copy(base)
    life.commit(copies.end(life.book, EndCopy(copy=ended), life.now))
    its_key = Key.generate()
    running = life.copy(small, its_key)
    remote = life.commit(
        copies.start(life.book, life.starting(other, process="", endpoint="https://p.example/v1"), life.now)
    )
    for _ in range(2):
        issued = handles.issue(
            life.book, copy=remote, binding="unix", life_ms=HOUR_MS, by=life.administrator(), now_ms=life.now
        )
        life.write(issued.unit)
    life.write(handles.revoke(life.book, digest=issued.row.digest, by=life.administrator(), now_ms=life.now).unit)
    life.act(other, ends=True)
    life.write(Unit(leaves=(encode(RefusalsLeaf(n=nonce(), num={"warrant.missing": 3}, t=life.now, t0=life.now)),)))

    life.red_line(other)
    lapsing = life.order(OrderKind.SUSPEND, other.rid, *officers[:2])
    leaf: Any = orders.release_statement(lapsing)
    leaf = msgspec.structs.replace(leaf, sigs=[sign(leaf, ORIGIN, key, kid) for key, kid in officers[:2]])
    life.commit(orders.release(life.book, leaf, life.now))
    suspended = life.order(OrderKind.SUSPEND, base.rid, officers[0])
    stopped = life.order(OrderKind.TERMINATE, base.rid, officers[1], prev=suspended)
    life.confirms(stopped, running, its_key)
    with pytest.raises(Refused, match="born_dead"):  # recorded, then refused
        life.system(maker, "again", digests=(digest("small"),))
    exempt: Any = reauthorisation(life.book, order=stopped, digests=(digest("base"),))
    exempt = msgspec.structs.replace(exempt, sigs=[sign(exempt, ORIGIN, key, kid) for key, kid in officers[2:4]])
    life.commit(reauthorise(life.book, exempt, life.now))
    life.system(maker, "anew", digests=(digest("base"),), reauthorises=exempt.id)
    life.powers(maker, buyer, *officers[:2])
    life.keys()
    sold = found(life.book.system(other.rid))
    owner = life.key(found(life.book.party(sold.parties[0].party)))
    life.confidences(sold, owner, *officers[:3])
    life.act(other, ends=False)
    return life


def found(thing: Any) -> Any:
    assert thing is not None
    return thing
