# SPDX-License-Identifier: Apache-2.0
"""Leaves of the stop: orders, releases, who may order, drills, and what holders say."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET

from answerable.model.leaves.parts import (
    AuthorityRef,
    Code,
    Commitments,
    Int,
    Leaf,
    OfficerRef,
    Opt,
    Rid,
    RootsRef,
    Sig,
)


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
