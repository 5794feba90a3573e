# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from answerable.admission.clocks import ClockMode
from answerable.crypto.b64 import b64u
from answerable.errors import Refused
from answerable.machines.frames import device_id
from answerable.machines.settings import Settings, make_key, read
from answerable.model.envelopes import Zone
from tests.small_site import DEVICE, DEVICE_KEY, PERSON, PERSON_KEY, SYSTEM
from tests.unit.admission.a_stop import ANNA, ANNA_KID, ISSUER, KID, ORIGIN, PULSE, PULSE_KID


def settings(folder: Path, **changed: object) -> Settings:
    key = folder / "device.key"
    if not key.exists():
        DEVICE_KEY.save(key, purpose="device")
    base = Settings(
        key=str(key),
        wire="mqtt:127.0.0.1:1883",
        audience="spiffe://demo.invalid/device/x",
        iss="spiffe://demo.invalid/issuer/main",
        origin=ORIGIN,
        issuers={KID: b64u(ISSUER.public)},
        systems=(SYSTEM,),
        people={PERSON: b64u(PERSON_KEY.public)},
        officers={ANNA_KID: b64u(ANNA.public)},
        area=(Zone(x0=0, x1=1, y0=0, y1=1),),
        max_speed=5,
        journal=str(folder / "journal"),
    )
    return msgspec.structs.replace(base, **changed)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "cart.json"
    file.write_bytes(msgspec.json.encode(settings(tmp_path)))
    found = read(file)
    assert found == settings(tmp_path)
    assert (found.watchdog_ms, found.clock, found.listen) == (300, ClockMode.SAME_HOST, True)
    assert device_id(found.signer().public) == DEVICE
    assert found.hands() == {PERSON: PERSON_KEY.public}
    assert found.limits.max_speed == 5
    assert found.view().trust.officers == {ANNA_KID: ANNA.public}
    assert settings(tmp_path, named={"a": "Surveillance"}).view().trust.named == {"a": "Surveillance"}


def test_a_pulse_that_is_pinned_is_needed(tmp_path: Path) -> None:
    assert not settings(tmp_path).view().pulse_required
    assert settings(tmp_path, pulses={PULSE_KID: b64u(PULSE.public)}).view().pulse_required


@pytest.mark.parametrize(
    "change",
    [{"watchdog_ms": 501}, {"watchdog_ms": 99}, {"max_speed": 0}, {"area": 3}, {"unknown": 1}, {"systems": []}],
)
def test_what_is_no_setting(tmp_path: Path, change: dict[str, object]) -> None:
    file = tmp_path / "cart.json"
    members = {**msgspec.to_builtins(settings(tmp_path)), **change}
    file.write_bytes(msgspec.json.encode(members))
    with pytest.raises(Refused) as error:
        read(file)
    assert error.value.code == "config.value"


def test_a_key_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        settings(tmp_path, people={PERSON: "%"}).hands()
    with pytest.raises(Refused):
        read(tmp_path / "none")


def test_a_new_key_has_an_id(tmp_path: Path) -> None:
    assert len(make_key(tmp_path / "a.key")) == 26
    assert (tmp_path / "a.key").stat().st_mode & 0o077 == 0
