# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

from answerable.control.routes.status import status
from answerable.control.routing import Call
from tests.unit.control.house import GATEWAY, House


def test_figures_are_those_of_the_registry(house: House) -> None:
    before = house.get("/status")
    house.start_copy("helper")
    after = house.get("/status")
    assert after["copies"] == before["copies"] + 1
    assert after["size"] > before["size"]
    assert (after["origin"], after["domain"], after["gateway"]) == ("demo.invalid", "demo.invalid", GATEWAY)
    assert after["systems"] == 4
    assert after["trust"].startswith("log demo.invalid+")
    assert after["healthy"] is True


def test_what_is_wrong_is_said(house: House) -> None:
    ill = replace(house.services, problems=lambda: {"ledger": "log.stopped"})
    found = house.run(status(ill, Call(None)))
    assert (found.healthy, found.problems) == (False, {"ledger": "log.stopped"})


def test_metrics_are_passed_on(house: House) -> None:
    assert house.get("/metrics") == {"text": "answerable_test 1\n"}


def test_alive_says_the_version(house: House) -> None:
    assert house.get("/alive")["service"] == "answerable"
