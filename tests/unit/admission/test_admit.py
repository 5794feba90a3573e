# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.admission.admit import SKEW_MS, admit, reach
from answerable.admission.stopset import StopSet
from answerable.errors import Refused
from answerable.model.records import Stop
from answerable.model.terms import Criticality, World
from tests.unit.admission.a_warrant import T0, WARRANT

STOPPED = StopSet.of(
    [
        Stop(
            rid="order", kind="terminate", scope="lineage", root="r", num=WARRANT.ancestors[0], digests=(), twins=(),
            at=T0, until=0, reason="", officers=(),
        )
    ],
    epoch=4,
)  # fmt: skip
STOPS = StopSet(epoch=3)


def ask(**changed: object) -> None:
    asked: dict[str, object] = {
        "now_ms": T0, "mono_ms": 5, "deadline_mono_ms": 10, "stops": STOPS, "audience": WARRANT.aud, **changed,
    }  # fmt: skip
    admit(asked.pop("warrant", WARRANT), **asked)  # type: ignore[arg-type]


def test_admits() -> None:
    ask()
    ask(now_ms=WARRANT.exp_ms - 1, mono_ms=9)


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("warrant.expired", {"now_ms": WARRANT.exp_ms}),
        ("warrant.expired", {"mono_ms": 10}),
        ("warrant.not_yet", {"now_ms": T0 - SKEW_MS - 1}),
        ("warrant.audience", {"audience": "spiffe://demo.invalid/gateway/second"}),
        ("stop.system", {"stops": STOPPED}),
        ("stop.stale", {"stops": StopSet(epoch=2)}),
    ],
)
def test_each_refusal_has_its_code(code: str, changed: dict[str, object]) -> None:
    with pytest.raises(Refused) as refusal:
        ask(**changed)
    assert refusal.value.code == code


class Told:
    """A holder's view whose pulse ends at T0 + 3 s."""

    def __init__(self, stops: StopSet = STOPS) -> None:
        self.stops = stops
        self.changes = 0
        self.life = (T0 + 3_000, 3_000)

    def check(self, now_ms: int, mono_ms: int, *, pulse: bool = True) -> None:
        if now_ms >= self.life[0] or mono_ms >= self.life[1]:
            raise Refused("pulse.stale")


@pytest.mark.parametrize("changed", [{"now_ms": T0 + 3_000}, {"mono_ms": 3_000}])
def test_two_authorities_to_live(changed: dict[str, int]) -> None:
    ask(view=Told(), now_ms=T0 + 2_999, mono_ms=2_999, deadline_mono_ms=9_000)
    with pytest.raises(Refused) as refusal:
        ask(view=Told(), deadline_mono_ms=9_000, **changed)
    assert refusal.value.code == "pulse.stale"
    with pytest.raises(Refused) as refusal:  # and the warrant too
        ask(view=Told(), now_ms=T0, mono_ms=2, deadline_mono_ms=2)
    assert refusal.value.code == "warrant.expired"


def test_who_was_told_all_that_the_issuer_knew_is_not_behind() -> None:
    """A registry that is away for a while leaves its copies behind, and what is told goes on."""
    newer = msgspec.structs.replace(WARRANT, epoch=STOPS.epoch + 2)
    ask(warrant=newer, view=Told(StopSet(epoch=STOPS.epoch + 2)))
    ask(warrant=newer, stops=StopSet(epoch=STOPS.epoch + 2), view=Told())
    for view in (None, Told(), Told(StopSet(epoch=STOPS.epoch + 1))):
        with pytest.raises(Refused) as refusal:
            ask(warrant=newer, view=view)
        assert refusal.value.code == "stop.stale"


def test_any_one_to_die() -> None:
    for stops, told in ((STOPPED, Told()), (STOPS, Told(STOPPED)), (STOPPED, Told(STOPPED))):
        with pytest.raises(Refused) as refusal:
            ask(stops=stops, view=told)
        assert refusal.value.code == "stop.system"


def test_a_slightly_slow_clock_is_no_refusal() -> None:
    ask(now_ms=T0 - SKEW_MS)


def test_a_stopped_copy_is_told_so_even_when_its_warrant_ended() -> None:
    with pytest.raises(Refused) as refusal:
        ask(stops=STOPPED, now_ms=WARRANT.exp_ms + 1, audience="x")
    assert (refusal.value.code, refusal.value.params) == ("stop.system", {"order": "order"})


def test_reach() -> None:
    wide = msgspec.structs.replace(WARRANT, max_criticality=Criticality.SENSITIVE)
    reach(wide, world=World.INFORMATION, criticality=Criticality.SENSITIVE)
    with pytest.raises(Refused) as refusal:
        reach(wide, world=World.PHYSICAL, criticality=Criticality.CREATIVE)
    assert refusal.value.code == "warrant.world"
    with pytest.raises(Refused) as refusal:
        reach(wide, world=World.INFORMATION, criticality=Criticality.CRITICAL)
    assert refusal.value.code == "warrant.criticality"


def test_reach_of_tools() -> None:
    def at(tool: str, *scope: str) -> None:
        scoped = msgspec.structs.replace(WARRANT, tools=scope)
        reach(scoped, world=World.INFORMATION, criticality=Criticality.ORDINARY, tool=tool)

    at("bank/pay", "bank/pay")
    at("bank/pay", "map/way", "bank/*")
    at("bank/pay", "*")
    at("")  # what calls no tool needs none
    for scope in ((), ("bank/balance",), ("map/*",), ("bank/",), ("BANK/pay",)):
        with pytest.raises(Refused, match=r"warrant\.tool"):
            at("bank/pay", *scope)
