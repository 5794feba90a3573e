# SPDX-License-Identifier: Apache-2.0
"""Bounds of a client towards one server. Each has a reason; none is "unlimited"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_HEAD: Final = 65_536  # bytes of a response head: more is an attack or a mistake
HIGH_WATER: Final = 65_536  # bytes read and not yet taken, at which reading pauses
MAX_ERROR_BODY: Final = 65_536  # bytes of an error answer that are looked at


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes.

    connections: open at once. waiting: calls that may wait for a free one; more are refused at once. connect: time to
    connect, TLS included, and to wait for a free place. head: from request sent to response head: a model may think.
    silence: longest pause inside a body. idle: how long an unused connection is kept; below the 5 s after which common
    servers close theirs, since a request that meets such a close is lost and must not be repeated. body: largest
    answer.
    """

    connections: int = 512
    waiting: int = 1024
    connect: float = 10.0
    head: float = 300.0
    silence: float = 120.0
    idle: float = 4.0
    body: int = 64 * 1024 * 1024
