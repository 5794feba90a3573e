# SPDX-License-Identifier: Apache-2.0
"""Leaves of the tool registry: what a person says of a tool, and which definition of it they stand for."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET

from answerable.model.leaves.parts import Code, Int, Leaf, Opt, Part, Rid


class BoundRef(Part, frozen=True, kw_only=True):
    """One argument of a safe envelope: `at` a JSON pointer, `least` and `most` plain decimals, `one` the texts that it
    may be, `long` its greatest length, `opt` true where it may be left out."""

    at: str
    least: str | Opt = UNSET
    long: Int | Opt = UNSET
    most: str | Opt = UNSET
    one: list[str] | Opt = UNSET
    opt: bool | Opt = UNSET


class MeterRef(Part, frozen=True, kw_only=True):
    """What a call takes of a budget: `at`, `curat` JSON pointers to the amount and its currency, `cur` the currency,
    `minor` decimals that the amount leaves out, `most` what is reserved where the arguments do not say."""

    at: str | Opt = UNSET
    cur: str | Opt = UNSET
    curat: str | Opt = UNSET
    kind: str
    minor: Int | Opt = UNSET
    most: Int | Opt = UNSET


class ToolClassRef(Part, frozen=True, kw_only=True):
    app: Int
    att: str | Opt = UNSET
    crit: str
    dom: str
    dry: str | Opt = UNSET
    eff: str
    env: list[BoundRef] | Opt = UNSET  # [] where no argument is permitted
    gen: bool | Opt = UNSET
    idem: Int | Opt = UNSET
    met: list[MeterRef] | Opt = UNSET
    rate: Int | Opt = UNSET
    roles: list[str] | Opt = UNSET
    tier: Int
    undo: str | Opt = UNSET
    wld: str


class ToolLeaf(Leaf, frozen=True, kw_only=True):
    """`st`: import, classify (then `cls`), pin, withdraw. `pin` is the definition that holds from here on."""

    att: Rid | Opt = UNSET  # the attestation leaf that the pin comes from
    by: Rid | Opt = UNSET
    cls: ToolClassRef | Opt = UNSET
    k: Literal["tool"] = "tool"
    n: str
    name: Code
    pin: str
    srv: Code
    st: str
    sys: Rid
    t: Int
    v: Literal[1] = 1
    x: dict[str, Any] | Opt = UNSET
