# SPDX-License-Identifier: Apache-2.0
import msgspec
import pytest

from answerable.errors import Refused
from answerable.gateway.mcp_held import standing
from answerable.model.holds import Hold
from answerable.model.terms import Act
from answerable.policy.combine import digest
from tests.held import Held
from tests.unit.gateway.posted import AGENT, SHOWN, STRANGE, deps


def world() -> tuple[Hold, Held]:
    held = Held()
    return held.pose(), held


async def test_a_caller_sees_how_its_own_call_stands() -> None:
    hold, held = world()
    here = deps(holds=held.holds)
    here.clock.now_ms = lambda: held.clock.now
    mine = held.holds
    with pytest.raises(Refused) as caught:
        await standing(hold.rid, SHOWN, here)
    assert caught.value.code == "hold.unknown", "it is another system's"

    own = msgspec.structs.replace(hold, system=AGENT.system.rid, pol=digest(()))
    here.holds = _Over(mine, own)
    found = await standing(hold.rid, SHOWN, here)
    assert (found["hold"], found["state"], found["needed"], found["have"]) == (hold.rid, "waiting", hold.people, 0)
    here.holds = _Over(mine, msgspec.structs.replace(own, planted=True))
    with pytest.raises(Refused):
        await standing(hold.rid, SHOWN, here)


async def test_of_a_void_one_it_is_told_why_and_what_to_do() -> None:
    """Of a generation too: it is by the policy that it was asked under, and by the system that was to answer."""
    hold, held = world()
    own = msgspec.structs.replace(hold, system=AGENT.system.rid, pol=digest(()), act=Act.GENERATION, tool="")
    here = deps(holds=_Over(held.holds, own))
    here.clock.now_ms = lambda: held.clock.now
    assert "code" not in await standing(hold.rid, SHOWN, here)
    for changed, code in (({"pol": "cd" * 32}, "hold.void"), ({"server": "desk", "via": "z" * 32}, "hold.moved")):
        here.holds = _Over(held.holds, msgspec.structs.replace(own, **changed))
        for language, word in (("en", "without naming the hold"), ("zh", "不带该编号")):
            found = await standing(hold.rid, SHOWN, here, language)
            assert (found["state"], found["code"]) == ("void", code)
            assert hold.rid in found["reason"]
            assert word in found["remedy"]


class _Over:
    """The real holds, but for one row."""

    def __init__(self, holds: object, row: Hold) -> None:
        self._holds, self._row = holds, row

    def get(self, rid: str) -> Hold | None:
        return self._row if rid == self._row.rid else None

    def __getattr__(self, name: str) -> object:
        return getattr(self._holds, name)


async def test_strangers_and_ids_that_are_none() -> None:
    _, held = world()
    for name in ("x", "../" * 10, "a" * 32):
        with pytest.raises(Refused) as caught:
            await standing(name, SHOWN, deps(holds=held.holds))
        assert caught.value.code == "hold.unknown"
    with pytest.raises(Refused) as caught:
        await standing("a" * 32, STRANGE, deps(holds=held.holds))
    assert caught.value.code == "warrant.missing"
