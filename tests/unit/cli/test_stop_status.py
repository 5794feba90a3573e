# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

from answerable.admission import receipts
from answerable.admission.receipts import Receipt, StopState
from answerable.cli import stop_status
from answerable.control.routes import confirmed
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def confirm(house: House, order: str, copy: str, key: Key, state: StopState, last: int = 0) -> None:
    told = Receipt(order, copy, house.core.now, last, 0, state, nonce())
    house.run(confirmed.take(house.services, receipts.make(told, key, house.core.origin)))


def grant(house: House, copy: str) -> None:
    house.run(house.services.issuer.grant(copy, aud=house.services.audience, nonce=nonce()))


def test_confirmed_and_expired_stand_apart_until_nobody_is_left(house: House, run: Run) -> None:
    held, silent = house.start_copy("other"), house.start_copy("other")
    grant(house, held[0])  # its warrant lives for a minute yet; the other one never had one
    first = run("stop", "other", "--reason", "x", "--as", "officer-1", "--wait", "0.2", "--json")
    assert first.status == 4, "unknown is neither yes nor no"
    order, told = first.data["order"]["rid"], first.data["told"]
    assert (told["confirmed"], told["expired"], told["unknown"]) == (0, 1, 1)
    assert [each["copy"] for each in told["left"]] == [held[0]]
    assert told["left"][0]["until"] > told["now"] + 50_000
    draining = run("stop", "--status", order)
    assert draining.status == 4
    assert "0 confirmed by signed receipts, 1 expired without a word, 1 unknown" in draining.out
    confirm(house, order, *held, StopState.DRAINING)
    assert run("stop", "--status", order, "--json").data["left"][0]["state"] == "draining"
    confirm(house, order, *held, StopState.STOPPED)
    done = run("stop", "--status", order, "--wait")
    assert done.status == 0
    assert "1 confirmed by signed receipts, 1 expired without a word, 0 unknown" in done.out
    assert "1 confirmed, 1 expired, 0 unknown of 2" in done.err
    assert "they are not counted" in done.out
    assert "no claim" in done.out
    assert silent[0] not in done.out


def test_an_action_after_the_bound_is_shown_as_a_violation(house: House, run: Run) -> None:
    late = house.start_copy("helper")
    order = run("stop", "helper", "--reason", "x", "--as", "officer-1", "--json").data["order"]
    confirm(house, order["rid"], *late, StopState.STOPPED, last=order["at"] + 310_000)
    said = run("stop", "--status", order["rid"])
    assert "VIOLATION" in said.out
    assert late[0] in said.out
    assert "last action told of" in said.out


def test_an_order_that_is_not_there(house: House, run: Run) -> None:
    assert run("stop", "--status", "z" * 32).status == 3


def test_following_ends_with_the_time_that_it_has() -> None:
    class Here:
        def __init__(self) -> None:
            self.asked = 0

        def get(self, path: str) -> dict[str, Any]:
            self.asked += 1
            left = max(0, 3 - self.asked)
            return {"confirmed": 3 - left, "expired": 0, "unknown": left, "copies": 3, "now": 2_000, "at": 1_000}

    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    here = Here()
    told = stop_status.follow(here, "o", 10.0, sleep=sleep, now=lambda: clock[0])
    assert (told["unknown"], here.asked) == (0, 3)
    here = Here()
    told = stop_status.follow(here, "o", 0.4, sleep=sleep, now=lambda: clock[0])
    assert (told["unknown"], here.asked) == (1, 2)
    here = Here()
    assert stop_status.follow(here, "o", 0.0, sleep=sleep, now=lambda: clock[0])["unknown"] == 2
