# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import stat
from pathlib import Path

import pytest

from answerable.app.pulse_folder import Pins, PulseFolder, kid_of
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError
from tests.unit.admission.a_stop import ANNA_KID, ISSUER, KID, PINNED, PULSE
from tests.unit.app.small_pulse import ISS, PINS, folder


def code(call: object) -> str:
    with pytest.raises(AnswerableError) as error:
        call()  # type: ignore[operator]
    return error.value.code


def test_comes_back_as_it_was_made(tmp_path: Path) -> None:
    made = folder(tmp_path)
    again = PulseFolder(made.path)
    assert (again.iss, again.kid, again.trust, again.pin) == (ISS, made.kid, made.trust, made.pin)
    assert (again.trust.issuers, again.trust.officers) == (PINNED.issuers, PINNED.officers)
    assert again.trust.authorities == PINNED.authorities
    assert made.pin == f"{kid_of(made.key.public)}:{b64u(made.key.public)}"
    assert stat.S_IMODE((made.path / "pulse.key").stat().st_mode) == 0o600


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    made = folder(tmp_path)
    before = (made.path / "pulse.key").read_bytes()
    assert code(lambda: folder(tmp_path)) == "log.key"
    assert (made.path / "pulse.key").read_bytes() == before


def test_what_is_no_folder_of_a_pulse(tmp_path: Path) -> None:
    assert code(lambda: PulseFolder(tmp_path)) == "pulse.state"
    made = folder(tmp_path)
    (made.path / "pulse.json").write_text("{}")
    assert code(lambda: PulseFolder(made.path)) == "pulse.state"
    wrong = Pins(origin="o", issuers={KID: b64u(ISSUER.public[:31])})
    assert code(lambda: PulseFolder.create(tmp_path / "other", ISS, wrong)) == "config.value"
    assert not (tmp_path / "other").exists()


def test_numbers_are_set_aside_on_the_disk(tmp_path: Path) -> None:
    made = folder(tmp_path)
    assert made.reserved() == 0
    made.reserve(17)
    assert PulseFolder(made.path).reserved() == 17
    for text in ("x", "-1", "1" * 17):
        (made.path / "seq").write_text(text)
        assert code(made.reserved) == "pulse.state"


def test_one_process_beats(tmp_path: Path) -> None:
    made = folder(tmp_path)
    made.lock()
    assert code(PulseFolder(made.path).lock) == "pulse.state"


def test_the_inbox(tmp_path: Path) -> None:
    made = folder(tmp_path)
    first = made.give(b"one")
    assert made.give(b"one") == first
    made.give(b"two")
    (made.inbox / "note.txt").write_text("not an order")
    assert sorted(data for _, data in made.given()) == [b"one", b"two"]
    assert ANNA_KID in PINS.officers
    assert PULSE.public not in made.trust.pulses.values()
