# SPDX-License-Identifier: Apache-2.0
"""What the registry's own gateway is told: a pulse where its key is pinned, and orders past the registry, by whom they
may come. Two authorities to live, any one to die, here as anywhere else.

What stands in the registry this gateway knows by itself, so it compares the pulse with that. Pulses come over the
planes, or by a file that anyone replaces.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.orders import Told, stop_root
from answerable.admission.pulse import MAX_PULSE
from answerable.admission.stopset import StopSet
from answerable.admission.trust import Trust
from answerable.config import PulseConfig
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.model.units import EPOCH, Space
from answerable.ports import Clock, Directory

KEY_LENGTH: Final = 32
LOOK_S: Final = 0.25
_log = logging.getLogger("answerable.pulse")


def pinned(config: PulseConfig) -> dict[str, bytes]:
    """kid -> public key. Raises Refused ``config.value``."""
    found: dict[str, bytes] = {}
    for text in config.keys:
        kid, _, key = text.rpartition(":")
        try:
            public = unb64u(key)
        except VerificationError:
            public = b""
        if not kid or len(public) != KEY_LENGTH:
            raise Refused("config.value", detail=f"pulse.keys: {text[:64]!r} is not <kid>:<public key>")
        found[kid] = public
    return found


class OwnView(HolderView):
    """A holder's view whose orders stand in the registry's own directory. `stops` holds what is told beside."""

    __slots__ = ("_directory", "_row")

    def __init__(self, directory: Directory, trust: Trust, *, required: bool, max_valid_ms: int) -> None:
        super().__init__(trust, ClockMode.SAME_HOST, required, max_valid_ms=max_valid_ms)
        self._directory = directory
        self._row: bytes | None = None

    @property
    def stops(self) -> StopSet:
        row = self._directory.raw(Space.COUNTERS, EPOCH)
        if row != self._row:
            self._row, self._stops = row, None
        return super().stops

    @property
    def epoch(self) -> int:
        return int(self._directory.raw(Space.COUNTERS, EPOCH) or b"0")

    def root(self, epoch: int) -> str:
        return stop_root(self._directory.stops(), epoch)

    def _standing(self) -> tuple[Told, ...]:
        """Without what stands in the directory: there it lapses, or is released."""
        known = super()._standing()
        return tuple(each for each in known if not self._registered(each))

    def _registered(self, told: Told) -> bool:
        """Whether the registry took this very statement; the row of one given directly has another rid."""
        directory = self._directory
        return (
            directory.raw(Space.STOPS, told.stop.rid) is not None or directory.raw(Space.NONCES, told.nonce) is not None
        )

    def check(self, now_ms: int, mono_ms: int, *, pulse: bool = True) -> None:
        if self.missing:
            self._settle()  # the registry may have it by now
        super().check(now_ms, mono_ms, pulse=pulse)


class Heart:
    """pulsed: called with each pulse that was taken, to carry it on; changed: when an order came."""

    def __init__(self, view: HolderView, clock: Clock, changed: Callable[[], object]) -> None:
        self.view = view
        self.pulsed: list[Callable[[bytes], object]] = []
        self._clock = clock
        self._changed = changed
        self._newest = b""

    @property
    def pinned(self) -> bool:
        """Whether any pulse is taken; orders past the registry are in any case."""
        return bool(self.view.trust.pulses)

    @property
    def shown(self) -> Mapping[str, str]:
        """The pinned keys as people are told them: kid -> base64url."""
        return {kid: b64u(key) for kid, key in self.view.trust.pulses.items()}

    @property
    def life_ms(self) -> int:
        """How long this gateway goes on without a new pulse; 0 where it needs none."""
        return self.view.max_valid_ms if self.view.pulse_required else 0

    @property
    def newest(self) -> bytes:
        """The newest pulse, b"" before there was one."""
        return self._newest

    def problem(self) -> str:
        """Code of what keeps this gateway from admitting anything, "" for nothing."""
        try:
            self.view.check(self._clock.now_ms(), self._clock.mono_ms())
        except Refused as error:
            return error.code
        return ""

    def take(self, data: bytes) -> None:
        """A pulse, from anyone. Raises as `HolderView.pulse`; what it carried stops all the same."""
        before, seq = self.view.changes, self.view.seq
        try:
            self.view.pulse(data, self._clock.now_ms(), self._clock.mono_ms())
        finally:
            if self.view.changes != before:
                self._changed()
        if self.view.seq != seq:
            self._newest = data
            for carry in self.pulsed:
                carry(data)

    def order(self, data: bytes) -> None:
        """An order past the registry that the hub verified by the keys that are trusted here. Raises VerificationError
        ``order.malformed``, Refused ``order.origin|subject``."""
        if self.view.order(data, vouched=True) is not None:
            self._changed()

    async def watch(self, path: Path, every_s: float = LOOK_S) -> None:
        """Take what stands in the file whenever it changed, until cancelled."""
        known = b""
        told = ""
        while True:
            try:
                with path.open("rb") as file:
                    data = file.read(MAX_PULSE + 1)
            except OSError:
                data = b""
            if data and data != known:
                known = data
                code = self._taken(data.rstrip(b"\n"))
                if code != told:
                    told = code
                    if code:
                        _log.error("the pulse in %s is not taken: %s", path, code)
            await asyncio.sleep(every_s)

    def _taken(self, data: bytes) -> str:
        try:
            self.take(data)
        except AnswerableError as error:
            return error.code
        return ""


def heart_of(
    config: PulseConfig, directory: Directory, clock: Clock, trust: Trust, changed: Callable[[], object]
) -> Heart:
    """trust: of this registry, whose word on orders counts; no pulse is needed where none is pinned. Raises Refused
    ``config.value``."""
    keys = pinned(config)
    view = OwnView(
        directory,
        replace(trust, pulses=keys),
        required=config.required and bool(keys),
        max_valid_ms=config.valid_for_ms,
    )
    return Heart(view, clock, changed)
