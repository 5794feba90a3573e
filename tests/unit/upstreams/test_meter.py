# SPDX-License-Identifier: Apache-2.0
from types import SimpleNamespace
from typing import Any

from answerable.model.terms import Locality, Measure
from answerable.upstreams.meter import CallMeter, Rates, SharedCounter


class Counter:
    name = "c"
    mj = 0

    def read_mj(self) -> int:
        return self.mj


def served(locality: Locality = Locality.LOCAL, name: str = "m") -> Any:
    return SimpleNamespace(upstream=SimpleNamespace(locality=locality, name=name))


def test_without_a_counter_energy_is_estimated() -> None:
    spent = CallMeter(Rates(2.5)).start(served()).spent(10, 30)
    assert (spent.energy_mj, spent.energy_measure) == (100, Measure.ESTIMATED)
    assert (spent.tokens_in, spent.tokens_out) == (10, 30)
    assert (spent.cost_micro, spent.currency) == (0, "")
    assert spent.duration_ms >= 0


def test_prices_are_of_the_upstream() -> None:
    meter = CallMeter(Rates(1.0), {"dear": Rates(1.0, "CNY", 2.0, 8.0)})
    assert meter.start(served()).spent(100, 10).currency == ""
    spent = meter.start(served(name="dear")).spent(100, 10)
    assert (spent.cost_micro, spent.currency) == (280, "CNY")


def test_calls_in_flight_together_share_what_the_machine_used() -> None:
    counter, now = Counter(), [0]
    meter = CallMeter(Rates(1.0), counters=(counter,))
    meter._shared = SharedCounter((counter,), lambda: now[0])

    def passes(mj: int) -> None:
        counter.mj += mj
        now[0] += 10_000_000

    passes(1000)  # before anybody called
    first = meter.start(served())
    passes(100)
    second = meter.start(served())
    passes(200)
    one = first.spent(1, 1)
    passes(50)
    two = second.spent(1, 1)
    assert one.energy_measure is Measure.MEASURED
    assert (one.energy_mj, two.energy_mj) == (200, 150)
    assert one.energy_mj + two.energy_mj == 350, "no more than the machine used"


def test_the_machine_s_counter_says_nothing_about_a_remote_model() -> None:
    meter = CallMeter(Rates(1.0), counters=(Counter(),))
    assert meter.start(served(Locality.EXTERNAL)).spent(1, 1).energy_measure is Measure.ESTIMATED


def test_a_call_that_is_never_settled_takes_no_share_for_ever() -> None:
    counter, now = Counter(), [0]
    shared = SharedCounter((counter,), lambda: now[0])
    meter = CallMeter(Rates(1.0), counters=(counter,))
    meter._shared = shared
    lost = meter.start(served())
    del lost
    kept = meter.start(served())
    counter.mj, now[0] = 100, 10_000_000
    assert kept.spent(1, 1).energy_mj == 100


def test_what_an_upstream_says_it_used_never_makes_a_leaf_that_nobody_can_read() -> None:
    spent = CallMeter(Rates(20_000.0, "EUR", 2e6, 1e7)).start(served()).spent(2**40 - 1, 2**40 - 1)
    assert (spent.energy_mj, spent.cost_micro) == (2**53 - 1, 2**53 - 1)
    counter = Counter()
    counter.mj = 1000
    call = CallMeter(Rates(1.0), counters=(counter,)).start(served())
    counter.mj = 0  # set back
    assert call.spent(1, 1).energy_mj == 0
