# SPDX-License-Identifier: Apache-2.0
"""Leaves of the registry: who answers, with which keys, for what systems and copies."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET

from answerable.model.leaves.parts import (
    Commitments,
    ComputeRef,
    EdgeRef,
    Int,
    Leaf,
    OpaqueRef,
    Opt,
    PartyRef,
    Rid,
    Sig,
)


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


class ShardLeaf(Leaf, frozen=True, kw_only=True):
    k: Literal["shard"] = "shard"
    n: str
    origin: str
    root: str
    size: Int
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET
