# SPDX-License-Identifier: Apache-2.0
"""What a device is told before it runs: keys that it trusts, its limits, its wire. One JSON file beside the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.trust import Trust
from answerable.crypto.b64 import unb64u
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, VerificationError
from answerable.machines.authority import Authority
from answerable.machines.frames import device_id
from answerable.machines.limits import Braking
from answerable.machines.sights import Sights
from answerable.model.envelopes import Motion, Zone

PURPOSE = "device"  # of the key file


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """key: file of the device's key; wire: as `wires.open_wire` reads it; listen: with zenoh, wait there; audience: of
    warrants for this device; iss: the issuer's name; systems: SPIFFE ids of those whose copies may lead it; origin: of
    the registry's log; issuers, pulses, officers, authorities, people: kid -> public key, base64url; named: which
    authority a key of theirs belongs to; journal: file; trace: file that the plant writes each turn to, "" for none;
    start: mm; planes: URLs where it hears orders and pulses while there is a network; ca_file: their PEM."""

    key: str
    wire: str
    audience: str
    iss: str
    origin: str
    issuers: dict[str, str]
    systems: Annotated[tuple[str, ...], Meta(min_length=1)]
    people: dict[str, str] = {}
    officers: dict[str, str] = {}
    authorities: dict[str, str] = {}
    named: dict[str, str] = {}
    pulses: dict[str, str] = {}
    area: tuple[Zone, ...]
    keep_out: tuple[Zone, ...] = ()
    max_speed: Annotated[int, Meta(gt=0, le=100_000)]
    frame: str = "site"
    watchdog_ms: Annotated[int, Meta(ge=100, le=500)] = 300
    journal: str
    trace: str = ""
    listen: bool = True
    start: int = 0
    clock: ClockMode = ClockMode.SAME_HOST
    planes: tuple[str, ...] = ()
    ca_file: str = ""

    @property
    def limits(self) -> Motion:
        return Motion(area=self.area, frame=self.frame, keep_out=self.keep_out, max_speed=self.max_speed)

    @property
    def braking(self) -> Braking:
        return Braking()

    def signer(self) -> Key:
        """Raises Refused ``log.key``."""
        return Key.load(self.key, purpose=PURPOSE)

    def view(self) -> HolderView:
        trust = Trust(
            self.origin,
            issuers=_keys(self.issuers),
            pulses=_keys(self.pulses),
            officers=_keys(self.officers),
            authorities=_keys(self.authorities),
            named=self.named,
        )
        return HolderView(trust, self.clock)

    def authority(self, view: HolderView) -> Authority:
        """What it saw is kept beside its journal. Raises Unavailable ``device.unrecorded``."""
        return Authority(
            issuers=_keys(self.issuers),
            iss=self.iss,
            audience=self.audience,
            systems=self.systems,
            view=view,
            sights=Sights(Path(f"{self.journal}.seen")),
        )

    def hands(self) -> dict[str, bytes]:
        return _keys(self.people)


def read(path: Path) -> Settings:
    """Raises Refused ``config.value``."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused("config.value", detail=f"{path}: {error}") from None


def make_key(path: Path) -> str:
    """A new key for a device in a new file; the device's id. Raises Refused ``log.key``."""
    key = Key.generate()
    key.save(path, purpose=PURPOSE)
    return device_id(key.public)


def _keys(texts: dict[str, str]) -> dict[str, bytes]:
    try:
        return {kid: unb64u(text) for kid, text in texts.items()}
    except VerificationError as error:
        raise Refused("config.value", detail=f"a key that is not base64url: {error.params.get('detail')}") from None
