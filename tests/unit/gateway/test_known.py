# SPDX-License-Identifier: Apache-2.0
import pytest

from answerable.errors import Refused
from answerable.gateway.known import admitted
from tests.unit.gateway.posted import AGENT, SHOWN, STRANGE, deps


async def test_who_is_admitted_is_known_and_who_is_not_is_counted() -> None:
    here = deps()
    assert await admitted(SHOWN, here) is AGENT
    with pytest.raises(Refused) as caught:
        await admitted(STRANGE, here)
    assert caught.value.code == "warrant.missing"
    assert here.counted == ["warrant.missing"]


async def test_who_is_known_and_stopped_is_counted_too() -> None:
    def admit(bearer: object) -> None:
        raise Refused("stop.system", order="o")

    here = deps()
    here.gate.admit = admit
    with pytest.raises(Refused):
        await admitted(SHOWN, here)
    assert here.counted == ["stop.system"]
