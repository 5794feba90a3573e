# SPDX-License-Identifier: Apache-2.0
"""`answerable device` where it needs no machine; the rest stands in `tests/e2e/test_machines.py` and the how-to."""

from __future__ import annotations

from pathlib import Path

from answerable.crypto.b64 import b64u
from answerable.machines.frames import device_id
from answerable.machines.journal import Journal
from answerable.machines.settings import read
from answerable.model.devices import DeviceState, Mode
from tests.brokers import free_port
from tests.small_site import DEVICE, DEVICE_KEY
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_settings_come_from_the_pins_of_an_enrolment(house: House, run: Run, tmp_path: Path) -> None:
    enrolment, key = str(tmp_path / "cart.guard"), str(tmp_path / "cart.key")
    assert run("guard", "--enrol", "other", "--out", enrolment, "--clock", "same-host").status == 0
    public = run("device", "key", key, "--json").data["public"]
    out = tmp_path / "cart.json"
    words = ("device", "settings", key, "--enrolment", enrolment, "--wire", "mqtt:127.0.0.1:1883", "--area=-5,5,0,1")
    said = run(*words, "--max-speed", "9", "--person", f"dora={public}", "--out", str(out), "--json")
    assert said.status == 0, said.err
    found = read(out)
    assert said.data["at"] == f"mqtt:127.0.0.1:1883#{public}"
    assert found.audience == f"spiffe://demo.invalid/device/{device_id(found.signer().public)}"
    assert found.issuers == {house.services.issuer.kid: b64u(house.services.issuer.public)}
    assert (found.people, found.max_speed, found.area[0].x0) == ({"dora": public}, 9, -5)
    assert len(found.officers) >= 2
    assert found.systems == (house.system("other").id,)
    assert run(*words, "--max-speed", "9", "--person", "dora", "--out", str(out)).status == 2


def test_a_machine_that_cannot_be_reached_is_exit_4(run: Run) -> None:
    said = run("device", "state", f"mqtt:127.0.0.1:{free_port()}#{b64u(DEVICE_KEY.public)}")
    assert (said.status, "device.transport" in said.err) == (4, True)
    assert run("device", "state", "nowhere").status == 2


def test_a_line_about_a_machine() -> None:
    from answerable.cli.device import line

    state = DeviceState(
        device=DEVICE, mode=Mode.STOPPED, beat=1, x=5, y=0, speed=0, wanted=0, standstill=True, powered=False, why="w"
    )
    assert line(state).endswith("stopped (w): x 5 mm, stands, no power")


def test_a_journal_is_checked_before_it_is_shown(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, DEVICE, DEVICE_KEY)
    journal.write("stop", 1_763_782_764_123, {"why": "device.told", "x": 4})
    journal.close()
    key = b64u(DEVICE_KEY.public)
    said = run("device", "journal", str(path), "--key", key)
    assert said.status == 0
    assert said.out.strip().endswith("stop why=device.told x=4")
    path.write_bytes(path.read_bytes().replace(b'"x":4', b'"x":5'))
    said = run("device", "journal", str(path), "--key", key)
    assert (said.status, "device.forged" in said.err) == (1, True)
    assert run("device", "journal", str(tmp_path / "none"), "--key", key).status == 2
