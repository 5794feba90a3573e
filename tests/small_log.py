# SPDX-License-Identifier: Apache-2.0
"""A whole small log in memory, with fixed keys and values: what tests and test vectors of the formats are made from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import msgspec

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.log import checkpoint, receipt, statement
from answerable.log.commitment import commit
from answerable.log.joint import Joint
from answerable.log.leaf import encode, leaf_hash, rid
from answerable.log.merkle import Frontier, consistency_proof, inclusion_proof
from answerable.log.note import VerifierKey
from answerable.log.receipt import Disclosure, Proved
from answerable.log.roster import key_id
from answerable.log.trust import Trust
from answerable.model.leaves import (
    AnnounceLeaf,
    ApprovalLeaf,
    AttestationLeaf,
    AuthorityRef,
    BoundRef,
    CloseLeaf,
    Commitments,
    ComputeRef,
    CopyLeaf,
    DrillLeaf,
    EdgeRef,
    EraseLeaf,
    EventLeaf,
    GrantLeaf,
    HandleLeaf,
    HoldLeaf,
    IncidentLeaf,
    KeyLeaf,
    Leaf,
    MeterRef,
    OfficerRef,
    OpaqueRef,
    OpenLeaf,
    OrderLeaf,
    PartyLeaf,
    PartyRef,
    PlantedLeaf,
    PluginLeaf,
    PreserveLeaf,
    ReadLeaf,
    ReauthorisationLeaf,
    ReceiptLeaf,
    RecoveryLeaf,
    RefusalsLeaf,
    RefusedLeaf,
    RegainedLeaf,
    ReleaseLeaf,
    RenewalsLeaf,
    RevokeLeaf,
    RootsRef,
    RosterLeaf,
    SettleLeaf,
    ShardLeaf,
    SystemLeaf,
    ToolClassRef,
    ToolLeaf,
    TransferLeaf,
    Usage,
    WarrantLeaf,
)

ORIGIN = "demo.invalid/log"
T0 = 1_763_782_764_123


def fixed(text: str) -> bytes:
    """32 bytes that stand for random ones."""
    return hashlib.sha256(text.encode()).digest()


def key(purpose: str) -> Key:
    return Key.from_seed(fixed("key " + purpose))


def nonce(text: str) -> str:
    return b64u(fixed("nonce " + text)[:16])


def a_rid(text: str) -> str:
    """The id of a leaf that stands in no log."""
    return rid(text.encode())


@dataclass
class SmallLog:
    """Leaves, their tree, and the payloads behind their commitments."""

    leaves: list[bytes] = field(default_factory=list)
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    frontier: Frontier = field(default_factory=Frontier)
    disclosures: list[Disclosure] = field(default_factory=list)
    signer: Key = field(default_factory=lambda: key("log"))
    origin: str = ORIGIN

    @property
    def trust(self) -> Trust:
        return Trust((VerifierKey.of(self.origin, self.signer.public),))

    def add(self, leaf: Leaf, payloads: dict[str, bytes] | None = None) -> str:
        """Append a leaf; the salts of its payloads are those of `hidden`."""
        data = encode(leaf)
        self.tiles.update(self.frontier.append([leaf_hash(data)]))
        self.leaves.append(data)
        for group, body in (payloads or {}).items():
            self.disclosures.append(Disclosure(rid(data), group, salt(group, body), body))
        return rid(data)

    def read_tile(self, level: int, n: int) -> bytes:
        return self.tiles.get((level, n), b"")

    def proved(self, index: int) -> Proved:
        path = inclusion_proof(self.read_tile, index, self.frontier.size)
        return Proved(self.leaves[index], index, tuple(path))

    def checkpoint(self) -> bytes:
        return checkpoint.sign(self.origin, self.frontier.size, self.frontier.root(), self.signer)

    def index(self, rid_: str) -> int:
        return next(i for i, data in enumerate(self.leaves) if rid(data) == rid_)

    def receipt(
        self,
        record: str,
        *others: str,
        groups: tuple[str, ...] = ("in", "out", "name"),
        root: Joint | None = None,
    ) -> bytes:
        shown = {record, *others}
        return receipt.build(
            self.proved(self.index(record)),
            [self.proved(self.index(other)) for other in others],
            [part for part in self.disclosures if part.rid in shown and part.group in groups],
            self.checkpoint(),
            root,
        )


def salt(group: str, body: bytes) -> bytes:
    return fixed(f"salt {group} {body.hex()}")


def hidden(**payloads: bytes) -> Commitments:
    """Commitments to payloads; `in_` for the member `in`."""
    committed = {name: commit(name.rstrip("_"), salt(name.rstrip("_"), body), body) for name, body in payloads.items()}
    return Commitments(**committed)


ASKED = b'{"messages":[{"content":"Who answers for you?","role":"user"}]}'
ANSWERED = b'{"choices":[{"content":"A party does."}]}'


@dataclass
class World:
    """A log in which one application asked one model once; the rids of its leaves by what they are."""

    log: SmallLog
    rids: dict[str, str]

    @property
    def members(self) -> tuple[str, ...]:
        """What a full receipt of the record holds beside it."""
        return tuple(value for name, value in self.rids.items() if name not in ("open", "noise"))

    def receipt(self, root: Joint | None = None) -> bytes:
        return self.log.receipt(self.rids["open"], *self.members, root=root)


def told() -> EventLeaf:
    """An event, told and signed by a copy."""
    leaf = EventLeaf(
        at=T0, by=a_rid("copy"), c=hidden(evidence=b'{"ms":5,"what":"alive.unleased"}'), cpy=a_rid("copy"),
        n=nonce("event"), sig="", sys=a_rid("system"), t=T0 + 1, what="alive.unleased",
    )  # fmt: skip
    return msgspec.structs.replace(leaf, sig=statement.sign(leaf, ORIGIN, key("copy"), a_rid("copy")).sig)


def party(name: str, std: str = "declared", **more: str) -> PartyLeaf:
    return PartyLeaf(
        c=hidden(name=name.encode()),
        id=f"NTRCN-{name}",
        kind="org",
        n=nonce("party " + name + std),
        std=std,
        t=T0,
        **more,
    )


def system(name: str, num: int, kind: str, owner: str, *edges: EdgeRef) -> SystemLeaf:
    return SystemLeaf(
        aud="public",
        c=hidden(name=name.encode()),
        cap=["text"],
        cmp=ComputeRef(mjk="declared", pf=240),
        crit="ordinary",
        dig=["sha256:" + fixed("weights " + name).hex()],
        edges=list(edges),
        id=f"spiffe://demo.invalid/system/{name}",
        kind=kind,
        lic="Apache-2.0",
        n=nonce("system " + name),
        num=num,
        parties=[PartyRef(rid=owner, role="provider")],
        t=T0 + 10,
        tier=1,
        usr=100,
        ver="1.0",
        wld=["information"],
    )


def copy(name: str, sys: str) -> CopyLeaf:
    return CopyLeaf(
        id=f"spiffe://demo.invalid/system/{name}/copy/1",
        loc="process",
        n=nonce("copy " + name),
        pub=b64u(key("copy " + name).public),
        st="start",
        sys=sys,
        t=T0 + 20,
    )


def warrant(name: str, sys: str, cpy: str, owner: str) -> WarrantLeaf:
    return WarrantLeaf(
        anc=hashlib.sha256((1).to_bytes(8, "big")).hexdigest(),
        aud="spiffe://demo.invalid/gateway/main",
        cpy=cpy,
        crit="ordinary",
        exp=T0 + 60_030,
        jti=nonce("jti " + name),
        n=nonce("warrant " + name),
        party=owner,
        seq=1,
        sys=sys,
        t=T0 + 30,
        tier=1,
        wld=["information"],
    )


def opened(rids: dict[str, str]) -> OpenLeaf:
    return OpenLeaf(
        act="generation",
        c=hidden(in_=ASKED),
        dec="permit",
        n=nonce("open"),
        par=[],
        party=rids["deployer"],
        pol=fixed("policy").hex(),
        rule="R001",
        sys=rids["app"],
        t=T0 + 100,
        tier=1,
        via=rids["model"],
        vwar=rids["model warrant"],
        war=rids["app warrant"],
        wld="information",
    )


def closed(open_: str) -> CloseLeaf:
    usage = Usage(in_=12, mj=4200, mjk="estimated", ms=310, out=5)
    return CloseLeaf(c=hidden(out=ANSWERED), n=nonce("close"), open=open_, st="done", t=T0 + 410, u=usage)


def world(noise: int = 5) -> World:
    """Two parties, a model, an application on it, their copies and warrants, one exchange, and leaves of others."""
    log, rids = SmallLog(), {}

    def add(name: str, leaf: Leaf, payloads: dict[str, bytes] | None = None) -> None:
        rids[name] = log.add(leaf, payloads)

    add("provider", party("Provider"), {"name": b"Provider"})
    add("deployer", party("Deployer"), {"name": b"Deployer"})
    add("model", system("base", 1, "model", rids["provider"]), {"name": b"base"})
    add(
        "app", system("app", 2, "application", rids["deployer"], EdgeRef(p=rids["model"], rel="uses")), {"name": b"app"}
    )
    add("model copy", copy("base", rids["model"]))
    add("app copy", copy("app", rids["app"]))
    add("model warrant", warrant("base", rids["model"], rids["model copy"], rids["provider"]))
    add("app warrant", warrant("app", rids["app"], rids["app copy"], rids["deployer"]))
    for count in range(noise):
        add("noise", RefusalsLeaf(n=nonce(f"noise {count}"), num={"handle.unknown": count + 1}, t=T0 + 50, t0=T0))
    add("open", opened(rids), {"in": ASKED})
    add("close", closed(rids["open"]), {"out": ANSWERED})
    return World(log, rids)


def joined(small: World, more: int = 3) -> tuple[Joint, SmallLog]:
    """What a root log recorded of the small one when that had grown by `more` leaves; and the root log."""
    shard, root = SmallLog(list(small.log.leaves)), SmallLog(signer=key("root"), origin="root.invalid/log")
    size = small.log.frontier.size
    shard.tiles.update(shard.frontier.append([leaf_hash(data) for data in shard.leaves]))
    for count in range(more):
        shard.add(RefusalsLeaf(n=nonce(f"later {count}"), num={}, t=T0 + 900, t0=T0))
    for count in range(5):
        root.add(RefusalsLeaf(n=nonce(f"root {count}"), num={}, t=T0 + 900, t0=T0))
    recorded = ShardLeaf(
        n=nonce("joined"), origin=ORIGIN, root=shard.frontier.root().hex(), size=size + more, t=T0 + 1000
    )
    where = root.index(root.add(recorded))
    root.add(RefusalsLeaf(n=nonce("root last"), num={}, t=T0 + 1000, t0=T0))
    path = consistency_proof(shard.read_tile, size, size + more) if more else []
    proved = root.proved(where)
    return Joint(tuple(path), proved.leaf, proved.index, proved.path, root.checkpoint()), root


# Behind the commitment of a hold that was made to see who looks.
PLANTED = b'{"by": "", "planted": true, "reason": "' + commit("reason", bytes(32), b"not our account").encode() + b'"}'


def every_kind() -> list[Leaf]:
    """One leaf of each kind, most with every optional member; what is signed is signed."""
    key_rid, sys = a_rid("officer"), a_rid("system")
    common = {
        "key": KeyLeaf(
            by=a_rid("administrator"), c=hidden(name="王芳".encode()), end=False, n=nonce("key"), own=a_rid("person"),
            prev=a_rid("old key"), pub=b64u(key("officer").public), roles=["officer"], sigs=[], t=T0, use="admin",
        ),
        "transfer": TransferLeaf(
            n=nonce("transfer"), new=a_rid("new"), old=a_rid("old"), role="deployer", sigs=[], sys=sys, t=T0
        ),
        "approval": ApprovalLeaf(
            dec="approve", dig=fixed("call").hex(), exp=T0 + 1, hold=a_rid("hold"), n=nonce("approval"),
            pol=fixed("policy").hex(), sigs=[], t=T0,
        ),
        "settle": SettleLeaf(
            c=hidden(reason=b"the bank has it"), n=nonce("settle"), open=a_rid("open"), sigs=[], st="done", t=T0
        ),
        "order": OrderLeaf(
            c=hidden(reason=b"it deceived", evidence=b"[]"), dig=["sha256:" + fixed("weights").hex()], kind="suspend",
            n=nonce("order"), prev=a_rid("suspension"), root=sys, scope="lineage", sigs=[], t=T0, until=T0 + 900_000,
        ),
        "staged": OrderLeaf(
            c=hidden(reason=b"it moves"), dig=[], kind="suspend", n=nonce("staged"), root=sys, scope="system", sigs=[],
            t=T0, x={"answerable.plan": {"pause": 600_000}},
        ),
        "release": ReleaseLeaf(n=nonce("release"), order=a_rid("order"), sigs=[], t=T0),
        "reauthorisation": ReauthorisationLeaf(
            att=a_rid("attestation"), dig=["sha256:" + fixed("weights").hex()], id="spiffe://demo.invalid/system/new",
            n=nonce("reauthorisation"), order=a_rid("order"), sigs=[], t=T0,
        ),
        "revoke": RevokeLeaf(grant=a_rid("grant"), n=nonce("revoke"), sigs=[], t=T0),
        "read": ReadLeaf(
            grant=a_rid("grant"), grps=["in", "out"], n=nonce("read"), of=a_rid("open"), sigs=[], t=T0
        ),
        "preserve": PreserveLeaf(
            c=hidden(reason=b"a claim was filed"), n=nonce("preserve"), of=a_rid("party"), scope="party", sigs=[],
            st="hold", t=T0,
        ),
        "lift": PreserveLeaf(
            c=hidden(reason=b"the claim was settled"), n=nonce("lift"), of=a_rid("party"), prev=a_rid("preserve"),
            scope="party", sigs=[], st="lift", t=T0,
        ),
    }  # fmt: skip
    signed: list[Leaf] = []
    for leaf in common.values():
        sig = statement.sign(leaf, ORIGIN, key("officer"), key_rid)
        signed.append(msgspec.structs.replace(leaf, sigs=[sig]))
    basis = {"answerable.basis": commit("basis", salt("basis", b"a request"), b"a request")}
    for leaf in (
        GrantLeaf(
            by=key_rid, exp=T0 + 1, n=nonce("granted"), of=a_rid("open"), purp="complaint", t=T0, to=a_rid("person"),
            x=basis,
        ),
        EraseLeaf(bas="gdpr-17", by=key_rid, n=nonce("erased"), of=a_rid("open"), t=T0, x=basis),
    ):  # fmt: skip
        sig = statement.sign(leaf, ORIGIN, key("officer"), key_rid)
        listed = [{"key": sig.key, "sig": sig.sig}]
        signed.append(msgspec.structs.replace(leaf, x={**basis, "answerable.sigs": listed}))
    listed_leaf = RosterLeaf(
        auth=[AuthorityRef(keys=[b64u(key("authority").public)], name="Market Surveillance", need=1)],
        n=nonce("roster"),
        off=[
            OfficerRef(key=a_rid(f"{who} key"), own=a_rid(who), pub=b64u(key(who).public))
            for who in ("first", "second")
        ],
        root=RootsRef(keys=[b64u(key("root").public), b64u(key("other root").public)], need=1),
        seq=1, sigs=[], t=T0,
    )  # fmt: skip
    sig = statement.sign(listed_leaf, ORIGIN, key("root"), key_id(key("root").public))
    signed.append(msgspec.structs.replace(listed_leaf, sigs=[sig]))
    signed.append(
        RefusedLeaf(
            by=key_rid, dig=fixed("request").hex(), err="stop.officers", n=nonce("refused"), of="order", root=sys, t=T0
        )
    )
    stopped = ReceiptLeaf(
        fly=2, last=T0 + 1, n=nonce("receipt"), order=a_rid("order"), own=a_rid("copy"), rcv=T0, sig="", st="stopped",
        t=T0 + 2,
    )  # fmt: skip
    sig = statement.sign(stopped, ORIGIN, key("copy"), a_rid("copy"))
    signed.append(msgspec.structs.replace(stopped, sig=sig.sig))
    small = world().rids
    return [
        *signed,
        party("Party"),
        party("Party", "proven", prev=a_rid("party"), crt=fixed("certificate").hex(), vch=a_rid("registrar")),
        AnnounceLeaf(
            by=a_rid("party"), c=hidden(name=b"next"), edges=[EdgeRef(p=sys, rel="finetune")], kind="model",
            n=nonce("announce"), t=T0,
        ),
        system("base", 1, "model", a_rid("party"), EdgeRef(p=sys, rel="quantized")),
        SystemLeaf(
            ann=a_rid("announce"), aud="machine", c=hidden(name="闭源".encode()), cap=[], crit="sensitive",
            dead=a_rid("order"), dig=[], edges=[], id="spiffe://demo.invalid/system/closed", kind="model",
            n=nonce("closed"), num=3,
            opq=OpaqueRef(endpoint="https://model.invalid/v1", filing="F-1", model="m", probe=fixed("probe").hex(),
                          provider="Prøvider", version="2025-11"),
            parties=[], re=a_rid("reauthorisation"), t=T0, tier=3, usr=0, ver="1", wld=["information", "physical"],
            x={"invalid.demo.note": {"b": [1, True, None], "a": "\u2028 \x7f \n"}},
        ),
        copy("base", sys),
        HandleLeaf(
            bnd="cidr:127.0.0.0/8", by=key_rid, cpy=a_rid("copy"), dig=fixed("handle").hex(), exp=T0 + 1,
            n=nonce("handle"), st="issue", t=T0,
        ),
        warrant("base", sys, a_rid("copy"), a_rid("party")),
        RenewalsLeaf(n=nonce("renewals"), num=3, root=fixed("root").hex(), t=T0 + 60_000, t0=T0),
        opened(small),
        OpenLeaf(
            act="tool_call", c=hidden(ctx=b"{}", in_=b"{}"), chk="passed", cons=a_rid("consent"), dec="refuse",
            err="policy.refused", n=nonce("refused"), par=[a_rid("parent")],
            parties=[PartyRef(rid=a_rid("party"), role="deployer")], party=a_rid("party"), pol=fixed("policy").hex(),
            pri=commit("pri", salt("pri", b"u1"), b"u1"), rule="R017", sys=sys, t=T0, tier=3, war=a_rid("warrant"),
            wld="physical",
        ),
        closed(small["open"]),
        CloseLeaf(
            c=hidden(out=b""), chk="failed", err="upstream.timeout", n=nonce("close 2"), open=a_rid("open"), st="error",
            t=T0, u=Usage(cost=1500, cur="CNY", in_=1, ms=0, out=0),
        ),
        CloseLeaf(n=nonce("close 3"), open=a_rid("open"), st="unknown", t=T0),
        RefusalsLeaf(n=nonce("refusals"), num={"warrant.forged": 2, "handle.unknown": 9}, t=T0 + 5_000, t0=T0),
        HoldLeaf(
            dig=fixed("call").hex(), exp=T0 + 1, n=nonce("hold"), need=2, open=a_rid("open"), pol=fixed("policy").hex(),
            roles=["approver"], t=T0, x={"answerable.kind": commit("kind", salt("kind", PLANTED), PLANTED)},
        ),
        PlantedLeaf(
            hold=a_rid("hold"), kind=PLANTED.decode(), n=nonce("planted"), salt=b64u(salt("kind", PLANTED)), t=T0 + 9
        ),
        IncidentLeaf(c=hidden(evidence=b"{}"), evl=False, lvl="red", n=nonce("incident"), open=a_rid("open"), rl="RL5",
                     sys=sys, t=T0),
        told(),
        RegainedLeaf(msg='{"v":1}', n=nonce("regained"), t=T0),
        RecoveryLeaf(
            by=key_rid, ep=4, n=nonce("recovery"), num=2, root=fixed("stops").hex(), t=T0, wai=["node berlin"]
        ),
        DrillLeaf(
            ans=2, bnd=60_262, c=hidden(evidence=b"{}"), kind="canary", last=41, n=nonce("drill"), order=a_rid("order"),
            sil=["paris"], t=T0, tier=1,
        ),
        AttestationLeaf(
            by=key_rid, dig="sha256:" + fixed("weights").hex(), dsse=fixed("envelope").hex(), exp=T0 + 1,
            n=nonce("attestation"), pt="https://demo.invalid/evaluation/v1", sys=sys, t=T0,
        ),
        GrantLeaf(by=a_rid("owner"), exp=T0 + 1, n=nonce("grant"), of=a_rid("open"), purp="audit", t=T0, to=key_rid),
        EraseLeaf(bas="pipl-47", by=key_rid, n=nonce("erase"), of=a_rid("open"), t=T0),
        ShardLeaf(n=nonce("shard"), origin="demo.invalid/shard/1", root=fixed("root").hex(), size=9, t=T0),
        PluginLeaf(dig=fixed("plugin").hex(), n=nonce("plugin"), name="local", port="upstreams", t=T0, ver="0.1.0"),
        ToolLeaf(
            att=a_rid("attestation"), by=key_rid,
            cls=ToolClassRef(
                app=2, att="https://demo.invalid/evaluation/v1", crit="sensitive", dom="payments", dry="/preview",
                eff="irreversible",
                env=[
                    BoundRef(at="/amount", least="0.01", most="100"),
                    BoundRef(at="/to", long=34, one=["rent", "power"], opt=True),
                ],
                gen=True, idem=86_400, met=[MeterRef(at="/amount", cur="CNY", curat="/currency", kind="money", minor=2,
                                                     most=100)],
                rate=6, roles=["approver"], tier=2, undo="refund", wld="information",
            ),
            n=nonce("tool"), name="pay", pin="sha256:" + fixed("definition").hex(), srv="bank", st="classify", sys=sys,
            t=T0,
        ),
        SystemLeaf(
            aud="machine", c=hidden(name=b"made"), cap=["tools.write"], crit="creative", dig=[],
            edges=[EdgeRef(p=sys, rel="made")], id="spiffe://demo.invalid/system/made", kind="agent", n=nonce("made"),
            num=4, parties=[PartyRef(rid=a_rid("party"), role="deployer")], t=T0, tier=1, usr=0, ver="1",
            wld=["information"],
            x={
                "answerable.maker": {"rid": a_rid("copy")},
                "answerable.scope": {"may": "ordinary", "tools": ["bank/*", "map/way"]},
            },
        ),
        OpenLeaf(
            act="tool_call", c=hidden(in_=b"{}"), dec="permit", n=nonce("funded"), par=[], party=a_rid("party"),
            pol=fixed("policy").hex(), rule="R100", sys=sys, t=T0, tier=1, via=a_rid("bank"), vwar=a_rid("its warrant"),
            war=a_rid("warrant"), wld="information",
            x={
                "answerable.reserved": {
                    "at": T0, "cpy": a_rid("copy"), "most": [["calls", 1], ["money", 12_340_000, "EUR"]],
                    "tool": "bank/pay",
                }
            },
        ),
        CloseLeaf(
            n=nonce("settled"), open=a_rid("funded"), st="done", t=T0,
            x={"answerable.used": [["calls", 1], ["money", 12_340_000, "EUR"]]},
        ),
    ]  # fmt: skip
