# SPDX-License-Identifier: Apache-2.0
"""Leaves of the path: what was decided, held for people, done or refused."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET

from answerable.model.leaves.parts import Code, Commitments, Int, Leaf, Opt, PartyRef, Rid, Sig, Usage


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


class PlantedLeaf(Leaf, frozen=True, kw_only=True):
    """Opens the commitment of a hold that was made to see who looks: `kind` is its payload, `salt` its salt."""

    hold: Rid
    k: Literal["planted"] = "planted"
    kind: str
    n: str
    salt: str
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET


class SettleLeaf(Leaf, frozen=True, kw_only=True):
    """A person says how a call ended whose end nobody saw. `c` commits to the reason."""

    c: Commitments
    k: Literal["settle"] = "settle"
    n: str
    open: Rid
    sigs: list[Sig]
    st: str  # done | undone
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET
