# SPDX-License-Identifier: Apache-2.0
"""Leaves of privacy: grants, reads, legal holds and erasures."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET

from answerable.model.leaves.parts import Commitments, Int, Leaf, Opt, Rid, Sig


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
