# SPDX-License-Identifier: Apache-2.0
"""What the machine gives: its clocks, its keys, a bus to other processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol


class Clock(Protocol):
    """The two clocks of one machine. A lease is counted on both, and the stricter one holds."""

    def now_ms(self) -> int:
        """Wall clock, ms UTC."""

    def mono_ms(self) -> int:
        """Monotonic clock that goes on in suspend (CLOCK_BOOTTIME), ms."""


class Signer(Protocol):
    """One key for one purpose. Every signature is over ``domain || 0x00 || message`` unless a format fixes its own
    bytes."""

    @property
    def public(self) -> bytes:
        """32 bytes, Ed25519."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes over exactly `message` (RFC 8032)."""


class Bus(Protocol):
    """Tells other processes of the same registry, quickly, that something is new. It is never trusted: whoever takes a
    message verifies it. It may lose, repeat and reorder messages: what counts can always be pulled."""

    name: str

    async def publish(self, topic: str, data: bytes) -> None:
        """Hand `data` to whoever subscribes to `topic` now; returns when the bus has it. topic: lower-case words with
        dots between them, 48 characters at most. What is longer than the bus carries arrives as b"". Raises Unavailable
        ``bus.unreachable``, Refused ``bus.topic``."""

    def subscribe(self, topic: str) -> AsyncIterator[bytes]:
        """What is published, for ever, whatever becomes of the server in between. b"" is a hint that something may have
        been missed: it comes first, as soon as the bus listens, again after each time that the server was away, and in
        place of what a slow reader did not take. A reader that pulls at each hint has missed nothing."""

    async def close(self) -> None:
        """End every subscription."""
