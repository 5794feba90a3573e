# SPDX-License-Identifier: Apache-2.0
"""A pulse's folder over the keys of `a_stop`."""

from __future__ import annotations

from pathlib import Path

from answerable.app.pulse_folder import Pins, PulseFolder
from answerable.crypto.b64 import b64u
from tests.unit.admission.a_stop import ANNA, ANNA_KID, BEN, BEN_KID, ISSUER, KID, ORIGIN, WATCHDOG, WATCHDOG_KID

ISS = "spiffe://demo.invalid/pulse/main"
PINS = Pins(
    origin=ORIGIN,
    issuers={KID: b64u(ISSUER.public)},
    officers={ANNA_KID: b64u(ANNA.public), BEN_KID: b64u(BEN.public)},
    authorities={WATCHDOG_KID: b64u(WATCHDOG.public)},
)


def folder(path: Path) -> PulseFolder:
    return PulseFolder.create(path / "pulse", ISS, PINS)


class Clock:
    """Both clocks by hand, ms."""

    def __init__(self, now: int) -> None:
        self.now = self.mono = now

    def now_ms(self) -> int:
        return self.now

    def mono_ms(self) -> int:
        return self.mono
