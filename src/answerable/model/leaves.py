# SPDX-License-Identifier: Apache-2.0
"""The leaf kinds of the transparency log. Formats are final: `docs/spec/leaves.md` specifies each, with vectors.

Fields are declared in alphabetical order of their names on the wire and hold ASCII keys, integers below 2**53 and no
floats, so that the plain JSON encoding *is* RFC 8785 canonical JSON. Optional members are left out, never null.
`t` is milliseconds UTC; `n` 16 random bytes, base64url; a `rid` is 32 characters (`answerable.log.leaf.rid`).
Free text and names never stand here: they are commitments under `c` (`answerable.log.commitment`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

Rid = str
# Every JSON reader holds these exactly; nothing that a leaf counts is negative.
Int = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
# Keys of objects are ASCII: their order is then the same by code point and by UTF-16 unit.
Code = Annotated[str, msgspec.Meta(pattern=r"^[!-~]+\Z")]
Opt = UnsetType


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member object of a leaf."""


class Commitments(Part, frozen=True, kw_only=True):
    """Per group: base64url of HMAC-SHA256(salt, domain || canonical payload), 32 bytes."""

    ctx: str | Opt = UNSET
    evidence: str | Opt = UNSET
    in_: str | Opt = msgspec.field(name="in", default=UNSET)
    name: str | Opt = UNSET
    out: str | Opt = UNSET
    reason: str | Opt = UNSET


class PartyRef(Part, frozen=True, kw_only=True):
    rid: Rid
    role: str


class EdgeRef(Part, frozen=True, kw_only=True):
    p: Rid
    rel: str


class ComputeRef(Part, frozen=True, kw_only=True):
    mjk: str  # measured | estimated | declared
    pf: Int


class OpaqueRef(Part, frozen=True, kw_only=True):
    endpoint: str
    filing: str | Opt = UNSET
    model: str
    probe: str | Opt = UNSET
    provider: str
    version: str


class Sig(Part, frozen=True, kw_only=True):
    """`key` is the rid of the signer's key leaf; `sig` base64url of 64 bytes (Ed25519)."""

    key: Rid
    sig: str


class OfficerRef(Part, frozen=True, kw_only=True):
    """An officer: the rid of the key leaf, of the person's party leaf, and the key itself."""

    key: Rid
    own: Rid
    pub: str


class AuthorityRef(Part, frozen=True, kw_only=True):
    """An authority: of its `keys` (base64url of 32 bytes) `need` sign for it."""

    keys: list[str]
    name: str
    need: Int


class RootsRef(Part, frozen=True, kw_only=True):
    """The root keys, base64url of 32 bytes: `need` of them sign a roster."""

    keys: list[str]
    need: Int


class Usage(Part, frozen=True, kw_only=True):
    """`in`, `out` tokens; `mj` energy in millijoule, `mjk` measured or estimated; `ms` duration; `cost` in millionths
    of `cur` (ISO 4217)."""

    cost: Int | Opt = UNSET
    cur: str | Opt = UNSET
    in_: Int = msgspec.field(name="in")
    mj: Int | Opt = UNSET
    mjk: str | Opt = UNSET
    ms: Int
    out: Int


class Leaf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the kinds. Each declares k, n, t, v (and x) itself: field order is the format."""

    if TYPE_CHECKING:  # what each declares; fields here would stand first in every leaf

        @property
        def k(self) -> str: ...

        @property
        def t(self) -> int: ...

        @property
        def x(self) -> dict[str, Any] | Opt: ...


class PartyLeaf(Leaf, frozen=True, kw_only=True):
    c: Commitments
    crt: str | Opt = UNSET  # sha256 of the certificate that names the identifier, standing proven
    id: str
    k: Literal["party"] = "party"
    kind: str
    n: str
    prev: Rid | Opt = UNSET  # the party leaf whose standing this one changes
    std: str
    t: Int
    v: Literal[1] = 1
    vch: Rid | Opt = UNSET
    x: dict[str, Any] | Opt = UNSET


class KeyLeaf(Leaf, frozen=True, kw_only=True):
    """A key: of the log, the issuer, a person (`use: admin`, with roles) and so on. A rotation names `prev` and is
    signed by the old and the new key over the leaf without `sigs`."""

    alg: Literal["Ed25519"] = "Ed25519"
    by: Rid | Opt = UNSET
    c: Commitments | Opt = UNSET
    end: bool | Opt = UNSET  # True: the key is withdrawn
    k: Literal["key"] = "key"
    n: str
    own: str  # rid of a party, or the log's origin
    prev: Rid | Opt = UNSET
    pub: str
    roles: list[str] | Opt = UNSET
    sigs: list[Sig] | Opt = UNSET
    t: Int
    use: str
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class AnnounceLeaf(Leaf, frozen=True, kw_only=True):
    by: Rid  # party
    c: Commitments
    edges: list[EdgeRef]
    k: Literal["announce"] = "announce"
    kind: str
    n: str
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class SystemLeaf(Leaf, frozen=True, kw_only=True):
    ann: Rid | Opt = UNSET
    aud: str
    c: Commitments
    cap: list[str]
    cmp: ComputeRef | Opt = UNSET
    crit: str
    dead: Rid | Opt = UNSET
    dig: list[str]
    edges: list[EdgeRef]
    id: str
    k: Literal["system"] = "system"
    kind: str
    lic: str | Opt = UNSET
    n: str
    num: Int
    opq: OpaqueRef | Opt = UNSET
    parties: list[PartyRef]
    re: Rid | Opt = UNSET  # the reauthorisation under which it exists
    t: Int
    tier: Int
    usr: Int
    v: Literal[1] = 1
    ver: str
    wld: list[str]
    x: dict[str, Any] | Opt = UNSET


class TransferLeaf(Leaf, frozen=True, kw_only=True):
    """A sale: `sigs` by a key of each party over the leaf without `sigs` and `t` (see `docs/spec/statements.md`)."""

    k: Literal["transfer"] = "transfer"
    n: str
    new: Rid
    old: Rid
    role: str
    sigs: list[Sig]
    sys: Rid
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class CopyLeaf(Leaf, frozen=True, kw_only=True):
    id: str
    k: Literal["copy"] = "copy"
    loc: str  # process | endpoint
    n: str
    pub: str
    st: str  # start | end
    sys: Rid
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class HandleLeaf(Leaf, frozen=True, kw_only=True):
    bnd: str
    by: Rid
    cpy: Rid
    dig: str  # sha256 hex of the handle
    exp: Int
    k: Literal["handle"] = "handle"
    n: str
    st: str  # issue | revoke
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class WarrantLeaf(Leaf, frozen=True, kw_only=True):
    """First grant of a copy's boot; renewals stand in batches (`RenewalsLeaf`)."""

    anc: str  # sha256 hex of the ancestor list: sorted u64, big-endian
    aud: str
    cpy: Rid
    crit: str
    exp: Int
    jti: str
    k: Literal["warrant"] = "warrant"
    n: str
    party: Rid
    seq: Int
    sys: Rid
    t: Int
    tier: Int
    v: Literal[1] = 1
    wld: list[str]
    x: dict[str, Any] | Opt = UNSET


class RenewalsLeaf(Leaf, frozen=True, kw_only=True):
    """A minute's renewals: RFC 6962 root over their SHA-256 token digests, in order."""

    k: Literal["renewals"] = "renewals"
    n: str
    num: Int
    root: str
    t: Int
    t0: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class OpenLeaf(Leaf, frozen=True, kw_only=True):
    """The decision, durable before anything happens. `sys`, `war` are the caller's, `via`, `vwar` the model's."""

    act: str
    c: Commitments
    chk: str | Opt = UNSET
    cons: Rid | Opt = UNSET
    dec: str
    err: str | Opt = UNSET  # code, where dec is refuse
    k: Literal["open"] = "open"
    n: str
    par: list[Rid]
    parties: list[PartyRef] | Opt = UNSET
    party: Rid
    pol: str
    pri: str | Opt = UNSET
    rule: str
    sys: Rid
    t: Int
    tier: Int
    v: Literal[1] = 1
    via: Rid | Opt = UNSET
    vwar: Rid | Opt = UNSET
    war: Rid
    wld: str
    x: dict[str, Any] | Opt = UNSET


class CloseLeaf(Leaf, frozen=True, kw_only=True):
    c: Commitments | Opt = UNSET
    chk: str | Opt = UNSET
    err: str | Opt = UNSET
    k: Literal["close"] = "close"
    n: str
    open: Rid
    st: str
    t: Int
    u: Usage | Opt = UNSET
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class RefusalsLeaf(Leaf, frozen=True, kw_only=True):
    """Refusals of unknown credentials, counted by code: noise must not be able to grow the log."""

    k: Literal["refusals"] = "refusals"
    n: str
    num: dict[Code, Int]
    t: Int
    t0: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class HoldLeaf(Leaf, frozen=True, kw_only=True):
    dig: str
    exp: Int
    k: Literal["hold"] = "hold"
    n: str
    need: Int
    open: Rid
    pol: str
    roles: list[str]
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class ApprovalLeaf(Leaf, frozen=True, kw_only=True):
    dec: str  # approve | modify | reject | escalate
    dig: str
    exp: Int
    hold: Rid
    k: Literal["approval"] = "approval"
    n: str
    pol: str
    sigs: list[Sig]
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class OrderLeaf(Leaf, frozen=True, kw_only=True):
    """A stop order. `sigs` are over the statement (`docs/spec/statements.md`): the leaf without `sigs`, `t`, `until`,
    `dig`, which the registry adds."""

    c: Commitments
    dig: list[str]
    k: Literal["order"] = "order"
    kind: str
    n: str
    prev: Rid | Opt = UNSET
    root: str
    scope: str
    sigs: list[Sig]
    t: Int
    until: Int | Opt = UNSET
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class ReleaseLeaf(Leaf, frozen=True, kw_only=True):
    """Two people release a suspension; a termination has no release."""

    k: Literal["release"] = "release"
    n: str
    order: Rid
    sigs: list[Sig]
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class RegainedLeaf(Leaf, frozen=True, kw_only=True):
    """An order that this log had and lost, taken back from who kept its message (`docs/spec/order.md`)."""

    k: Literal["regained"] = "regained"
    msg: str  # the order message, byte for byte
    n: str
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class RecoveryLeaf(Leaf, frozen=True, kw_only=True):
    """A registry that was put back from the past knows again all that was stopped, and signs on."""

    by: Rid | Opt = UNSET  # key leaf of who said that some need not be waited for
    ep: Int  # of the stop set
    k: Literal["recovery"] = "recovery"
    n: str
    num: Int  # orders that were regained
    root: str  # of the stop set, sha256 hex
    t: Int
    v: Literal[1] = 1
    wai: list[str]  # who was not waited for
    x: dict[str, Any] | Opt = UNSET


class DrillLeaf(Leaf, frozen=True, kw_only=True):
    """A stop that was practised: the canary's on every gateway, or a planned drill of one tier."""

    ans: Int  # gateways, or holders, that stopped within the bound
    bnd: Int  # ms; by when all must have
    c: Commitments | Opt = UNSET
    k: Literal["drill"] = "drill"
    kind: str  # canary | planned
    last: Int  # ms after the order's commit; the last that was heard or admitted
    n: str
    order: Rid | Opt = UNSET
    sil: list[str]  # who did not answer, or broke the bound
    t: Int
    tier: Int | Opt = UNSET
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class ReauthorisationLeaf(Leaf, frozen=True, kw_only=True):
    """Officers who did not sign the order exempt one *new* system id with one digest."""

    att: Rid | Opt = UNSET
    dig: list[str]
    id: str
    k: Literal["reauthorisation"] = "reauthorisation"
    n: str
    order: Rid
    sigs: list[Sig]
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class RosterLeaf(Leaf, frozen=True, kw_only=True):
    """Who may order: officers and authorities, by the word of root keys that are kept offline. The newest one holds."""

    auth: list[AuthorityRef]
    k: Literal["roster"] = "roster"
    n: str
    off: list[OfficerRef]
    root: RootsRef
    seq: Int  # from 1
    sigs: list[Sig]  # `key` is the id of the key itself (`docs/spec/statements.md`)
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class RefusedLeaf(Leaf, frozen=True, kw_only=True):
    """A statement by known people that was refused: an order, a release, a roster."""

    by: Rid  # key leaf of who sent it
    dig: str  # sha256 hex of the bytes that it asked to be signed
    err: Code
    k: Literal["refused"] = "refused"
    n: str
    of: str  # kind of the statement
    root: str | Opt = UNSET
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class ReceiptLeaf(Leaf, frozen=True, kw_only=True):
    """A holder's signed word that it stopped."""

    fly: Int
    k: Literal["receipt"] = "receipt"
    last: Int
    n: str
    order: Rid
    own: Rid
    rcv: Int
    sig: str
    st: str
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class IncidentLeaf(Leaf, frozen=True, kw_only=True):
    c: Commitments | Opt = UNSET
    evl: bool
    k: Literal["incident"] = "incident"
    lvl: str  # yellow | red
    n: str
    open: Rid | Opt = UNSET
    rl: str
    sys: Rid
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class EventLeaf(Leaf, frozen=True, kw_only=True):
    """Something that bears on a red line, as a copy, a person or a party saw and signed it. `x` holds nothing."""

    at: Int  # when it happened, as told
    by: Rid  # of the copy, or of the key leaf, that tells it
    c: Commitments
    cpy: Rid | Opt = UNSET
    k: Literal["event"] = "event"
    n: str
    sig: str
    sys: Rid
    t: Int
    v: Literal[1] = 1
    what: str
    x: dict[str, Any] | Opt = UNSET


class AttestationLeaf(Leaf, frozen=True, kw_only=True):
    by: Rid
    dig: str  # what it is bound to
    dsse: str  # sha256 hex of the DSSE envelope
    exp: Int
    k: Literal["attestation"] = "attestation"
    n: str
    pt: str  # predicate type
    sys: Rid | Opt = UNSET
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class GrantLeaf(Leaf, frozen=True, kw_only=True):
    """Leave to read one record's payloads, for one person, one purpose, until `exp`. Signatures, and where it rests on
    a law a commitment to the words of that basis, stand in `x` (``answerable.sigs``, ``answerable.basis``)."""

    by: Rid
    exp: Int
    k: Literal["grant"] = "grant"
    n: str
    of: Rid
    purp: str
    t: Int
    to: Rid
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class RevokeLeaf(Leaf, frozen=True, kw_only=True):
    """A grant ends before its time."""

    grant: Rid
    k: Literal["revoke"] = "revoke"
    n: str
    sigs: list[Sig]
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class ReadLeaf(Leaf, frozen=True, kw_only=True):
    """Payloads were read under a grant; written before they are handed out, signed by who reads."""

    grant: Rid
    grps: list[str]
    k: Literal["read"] = "read"
    n: str
    of: Rid
    sigs: list[Sig]
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class PreserveLeaf(Leaf, frozen=True, kw_only=True):
    """A legal hold begins or is lifted: while it stands, payloads of what it names are neither erased nor swept."""

    c: Commitments
    k: Literal["preserve"] = "preserve"
    n: str
    of: Rid
    prev: Rid | Opt = UNSET  # the leaf of the hold that is lifted
    scope: str  # record | party | system
    sigs: list[Sig]
    st: str  # hold | lift
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class EraseLeaf(Leaf, frozen=True, kw_only=True):
    """Signatures, and a commitment to the words of the basis, stand in `x` (as in `GrantLeaf`)."""

    bas: str
    by: Rid
    k: Literal["erase"] = "erase"
    n: str
    of: Rid
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class ShardLeaf(Leaf, frozen=True, kw_only=True):
    k: Literal["shard"] = "shard"
    n: str
    origin: str
    root: str
    size: Int
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class PluginLeaf(Leaf, frozen=True, kw_only=True):
    dig: str
    k: Literal["plugin"] = "plugin"
    n: str
    name: str
    port: str
    t: Int
    v: Literal[1] = 1
    ver: str
    x: dict[str, Any] | Opt = UNSET


def _kind(leaf: type[Leaf]) -> str:
    return next(str(f.default) for f in msgspec.structs.fields(leaf) if f.encode_name == "k")


KINDS: dict[str, type[Leaf]] = {_kind(leaf): leaf for leaf in Leaf.__subclasses__()}
