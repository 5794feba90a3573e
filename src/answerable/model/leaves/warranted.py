# SPDX-License-Identifier: Apache-2.0
"""Leaves of what lets in: handles, warrants and their renewals."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET

from answerable.model.leaves.parts import Int, Leaf, Opt, Rid


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
