# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from answerable.admission.clocks import ClockMode
from answerable.crypto.b64 import b64u
from answerable.guard.enrolment import read
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_an_enrolment_names_a_registered_copy_and_pins_whose_word_counts(
    house: House, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "other.guard"
    done = run("guard", "--enrol", "other", "--out", str(path), "--plane", "https://plane.example:8443", "--json")
    assert done.status == 0, done.err
    found = read(path)
    copy = house.core.book.copy(found.rid)
    assert copy is not None
    assert (copy.id, copy.key) == (found.copy, b64u(found.identity().public))
    assert found.planes == ("https://plane.example:8443",)
    assert found.clock is ClockMode.NTP, "another host's clock is read, not assumed"
    assert found.identity().issuers == {house.services.issuer.kid: house.services.issuer.public}
    assert len(found.trust().officers) >= 2
    assert found.seed not in done.out + done.err


def test_it_is_for_another_gateway_where_that_is_said(house: House, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "e"
    there = ("--gateway", "https://gw1.example/v1", "--audience", "spiffe://d/gateway/gw1", "--clock", "same-host")
    assert run("guard", "--enrol", "other", "--out", str(path), *there).status == 0
    found = read(path)
    assert (found.gateway, found.audience, found.clock) == (there[1], there[3], ClockMode.SAME_HOST)


def test_a_file_is_never_replaced_and_nothing_is_enrolled_for_it(house: House, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "e"
    path.write_text("")
    before = len(house.get("/copies"))
    assert run("guard", "--enrol", "other", "--out", str(path)).status == 2
    assert run("guard", "--enrol", "other").status == 2
    assert len(house.get("/copies")) == before
