# SPDX-License-Identifier: Apache-2.0
"""Leaves of the red lines: incidents, and events as they were seen."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET

from answerable.model.leaves.parts import Commitments, Int, Leaf, Opt, Rid


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
