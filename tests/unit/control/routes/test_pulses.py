# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from answerable.admission.trust import Trust
from answerable.app.beating import heart_of
from answerable.config import PulseConfig
from answerable.control.routes import pulses
from answerable.control.routing import By, Call
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError
from tests.unit.admission.a_stop import PULSE, PULSE_KID, beat
from tests.unit.control.house import House


async def test_anyone_carries_a_pulse_and_asks_for_the_newest(house: House) -> None:
    core = house.core
    config = PulseConfig(keys=(f"{PULSE_KID}:{b64u(PULSE.public)}",))
    heart = heart_of(config, core.book, core.clock, Trust(core.origin), lambda: None)
    services = replace(house.services, heart=heart)
    with pytest.raises(AnswerableError, match=r"pulse\.missing"):
        await pulses.newest(services, Call(None))
    data = beat(at=core.clock.now_ms(), origin=core.origin)
    assert (await pulses.give(services, Call(msgspec.Raw(data)))).taken
    assert bytes(await pulses.newest(services, Call(None))) == data
    with pytest.raises(AnswerableError, match=r"pulse\.malformed"):
        await pulses.give(services, Call(msgspec.Raw(b"{}")))
    assert all(route.needs is By.ANYONE for route in pulses.ROUTES)


def test_where_no_key_is_pinned_none_is_taken(house: House) -> None:
    with pytest.raises(AnswerableError, match=r"pulse\.unpinned"):
        house.post("/pulse", {})
