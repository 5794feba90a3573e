# SPDX-License-Identifier: Apache-2.0
"""Any story of partitions, lost answers, stepped clocks, frozen processes, restarts and one authority that lies: the
real code, in virtual time, against the bound. Nothing is admitted at or after it; who knows an order admits nothing;
and another lineage goes on, for refusing everybody is no stop (`tests/stopworld.py`)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from answerable.app.clock import SystemClock
from answerable.guard import lease
from answerable.model.terms import OrderKind, Scope
from tests.stopworld import DRIFT, ERROR, LIFE, STEP, VALID, World

guards = st.integers(0, 2)
within = st.integers(-ERROR, ERROR)
# Round times, and the edges of everything that ends.
spans = st.sampled_from([1, 49, 250, 999, 1_000, 2_000, LIFE // 3, VALID - 1, VALID, VALID + 1, LIFE - 1, LIFE + 1])


class Machine(RuleBasedStateMachine):
    world: World

    @initialize(
        slow=st.lists(st.integers(-DRIFT, DRIFT), min_size=4, max_size=4),
        off=st.lists(within, min_size=4, max_size=4),
    )
    def begin(self, slow: list[int], off: list[int]) -> None:
        self.world = World()
        hosts = (self.world.home, self.world.far, self.world.other_far, self.world.authority)
        for host, ppm, ms in zip(hosts, slow, off, strict=True):
            host.ppm = ppm
            host.step(ms)
        self.carry()
        self.world.passes(500)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.all_is_well_again()
        finally:
            self.world.close()

    # --- time and clocks --------------------------------------------------------------------------------------------
    @rule(ms=spans)
    def pass_time(self, ms: int) -> None:
        self.world.passes(ms)

    @rule(off=within)
    def far_clock_wanders(self, off: int) -> None:
        self.world.far.step(off)

    @rule(off=st.sampled_from([-86_400_000, -5_000, -ERROR - 1, ERROR + 1, 5_000, 86_400_000]))
    def far_clock_steps(self, off: int) -> None:
        """Its kernel says that it is not synchronised any more."""
        self.world.far.step(off)

    @rule(off=st.sampled_from([-86_400_000, -5_000, 5_000, 86_400_000]))
    def home_clock_steps(self, off: int) -> None:
        self.world.home.step(off)

    # --- the net ----------------------------------------------------------------------------------------------------
    @rule(n=guards, net=st.booleans(), answers=st.booleans())
    def cut_or_join(self, n: int, net: bool, answers: bool) -> None:
        self.world.guards[n].net, self.world.guards[n].answers = net, answers

    @rule(hears=st.booleans())
    def cut_or_join_the_second_authority(self, hears: bool) -> None:
        self.world.hear_authority = hears

    @rule(n=st.integers(0, 3), data=st.data())
    def push(self, n: int, data: Any) -> None:
        """Some order messages come, in any order, some twice; others never."""
        messages = self.world.messages()
        if messages:
            for message in data.draw(st.lists(st.sampled_from(messages), max_size=3)):
                self._holder(n).hear(message)

    @rule()
    def carry(self) -> None:
        """A fresh pulse reaches everybody."""
        beat = self.world.make_beat()
        for n in range(4):
            self._holder(n).beat(beat)

    @rule(n=st.integers(0, 3), data=st.data())
    def carry_any(self, n: int, data: Any) -> None:
        """A pulse of any age comes, by a file."""
        if self.world.beats:
            self._holder(n).beat(data.draw(st.sampled_from(self.world.beats)))

    @rule()
    def sync_the_node(self) -> None:
        if self.world.node.net:
            self.world.node.sync()

    # --- processes --------------------------------------------------------------------------------------------------
    @rule(n=guards)
    def freeze_or_thaw(self, n: int) -> None:
        guard = self.world.guards[n]
        guard.awake = not guard.awake
        guard.acts()  # the first thing that it does

    @rule(n=guards)
    def restart(self, n: int) -> None:
        """With an empty memory: what it had heard is gone."""
        self.world.guards[n].boot()

    @rule()
    def restart_the_node(self) -> None:
        self.world.node.boot()

    @rule()
    def restart_the_issuer(self) -> None:
        self.world.new_issuer()

    @precondition(lambda self: not self.world.pulse_lies and self.world.orders)
    @rule()
    def the_issuer_lies(self) -> None:
        """Its registry is put back to before every order: what it signs tells of none."""
        if not self.world.issuer_lies:
            self.world.issuer_lies = True
            self.world.forget_the_orders()

    @precondition(lambda self: not self.world.issuer_lies)
    @rule()
    def the_pulse_lies(self) -> None:
        self.world.pulse_lies, self.world.hear_authority = True, False

    # --- orders -----------------------------------------------------------------------------------------------------
    @precondition(lambda self: len(self.world.orders) < 4 and not self.world.issuer_lies)
    @rule(
        which=st.sampled_from(["base", "quant", "tuned"]),
        kind=st.sampled_from(OrderKind),
        scope=st.sampled_from([Scope.LINEAGE, Scope.SYSTEM]),
    )
    def order(self, which: str, kind: OrderKind, scope: Scope) -> None:
        self.world.order(getattr(self.world, which), kind, scope)

    @precondition(lambda self: not self.world.issuer_lies)
    @rule()
    def release(self) -> None:
        for given in self.world.orders:
            if given.kind is OrderKind.SUSPEND and not given.released:
                self.world.release(given)
                return

    # --- what must hold ---------------------------------------------------------------------------------------------
    @invariant()
    def nothing_is_admitted_after_the_bound(self) -> None:
        if hasattr(self, "world"):
            self.world.everyone_tries()
            assert not self.world.late, self.world.late[:3]

    def all_is_well_again(self) -> None:
        """Clocks right, net whole, everybody awake, both authorities honest: the other lineage acts, what stays ordered
        does not."""
        world = self.world
        for host in (world.home, world.far, world.other_far, world.authority):
            host.step(0)
        world.true += 2 * LIFE  # what was signed by wrong clocks has ended
        for guard in world.guards:
            guard.net = guard.answers = guard.awake = True
            guard.boot()
        world.node.boot()
        world.hear_authority = not world.pulse_lies
        world.new_issuer()
        before = len(world.admissions)
        for _ in range(4):
            for message in world.messages():
                for n in range(4):
                    self._holder(n).hear(message)
            self.carry()
            world.passes(1_000)
        assert not world.late, world.late[:3]
        acted = {each.copy for each in world.admissions[before:]}
        if not world.pulse_lies and not world.issuer_lies:  # with one that lies nobody lives: that is what two are for
            assert world.copies["other"].rid in acted
        if not world.issuer_lies:
            held = {rid for given in world.orders if not given.released for rid in given.reaches}
            assert acted.isdisjoint(held)

    def _holder(self, n: int) -> Any:
        return self.world.node if n == 3 else self.world.guards[n]


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


# --- stories: one thing that must hold, each by itself, so that what breaks it is named -------------------------------
@pytest.fixture
def world() -> Iterator[World]:
    """Everybody acts, under warrants that were asked for a moment ago."""
    made = World()
    carry(made)
    made.passes(STEP)
    assert {each.where for each in made.admissions} == {"guard", "node"}
    yield made
    made.close()


def carry(world: World) -> None:
    beat = world.make_beat()
    for holder in (*world.guards, world.node):
        holder.beat(beat)


def cut(world: World) -> None:
    for guard in world.guards:
        guard.net = False


def go_on(world: World, ms: int, *, beats: bool = True) -> None:
    for _ in range(0, ms, STEP):
        if beats:
            carry(world)
        world.passes(STEP)


def last(world: World, where: str = "guard") -> int:
    """When tuned was last admitted there."""
    copy = world.copies["tuned"].rid
    return max(each.at for each in world.admissions if (each.where, each.copy) == (where, copy))


def test_cut_off_it_acts_until_its_bound_and_no_longer(world: World) -> None:
    world.pulse_lies, world.hear_authority = True, False
    given = world.order(world.base)
    cut(world)
    go_on(world, LIFE + 2_000)
    assert not world.late
    assert LIFE - 2 * STEP <= last(world) - given.at <= LIFE, "the bound is no wider than it must be"


def test_with_the_issuer_cut_off_a_fresh_pulse_is_not_enough(world: World) -> None:
    world.pulse_lies, world.hear_authority = True, False
    world.order(world.base)
    cut(world)
    go_on(world, 2 * LIFE)
    assert not world.late


def test_with_the_pulse_cut_off_a_live_warrant_is_not_enough(world: World) -> None:
    given = world.order(world.base)
    world.issuer_lies = True
    world.forget_the_orders()
    go_on(world, 2 * LIFE, beats=False)
    assert not world.late
    assert last(world) >= given.at, "it acted on while its pulse lasted"


def test_a_clock_that_is_set_back_lengthens_nothing(world: World) -> None:
    world.pulse_lies, world.hear_authority = True, False
    world.order(world.base)
    cut(world)
    world.home.step(-900)
    go_on(world, LIFE + 2_000)
    assert not world.late


def test_an_answer_that_comes_late_lengthens_nothing() -> None:
    world = World()
    try:
        guard = world.guards[0]
        guard.answers = False
        carry(world)
        world.passes(STEP)
        asked = world.true
        go_on(world, 1_500)
        guard.answers = True
        go_on(world, STEP)
        cut(world)
        world.home.step(-900)
        go_on(world, LIFE + 2_000)
        assert asked < last(world) < asked + LIFE
    finally:
        world.close()


def test_leases_are_counted_on_a_clock_that_goes_on_in_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {time.CLOCK_BOOTTIME: 7_000_000, time.CLOCK_MONOTONIC: 3_000_000}
    monkeypatch.setattr(time, "clock_gettime_ns", shown.__getitem__)
    assert lease.mono_ms() == SystemClock().mono_ms() == 7


def test_a_restored_image_gets_no_second_boot(world: World) -> None:
    """A restart is a boot of its own, as soon as the one before has ended; who goes on as it is a clone until then."""
    guard = world.guards[0]
    guard.boot()
    go_on(world, STEP)
    before = len(world.admissions)
    go_on(world, LIFE - 2 * STEP)
    assert guard.copy.rid not in {each.copy for each in world.admissions[before:] if each.where == "guard"}
    go_on(world, LIFE)
    assert guard.copy.rid in {each.copy for each in world.admissions[before:] if each.where == "guard"}


def test_a_withheld_order_gains_the_carrier_nothing(world: World) -> None:
    """Pulses are carried on, and what they speak of is kept from the holders."""
    world.delta = False
    world.order(world.base)
    world.issuer_lies = True
    world.forget_the_orders()
    go_on(world, 2 * LIFE)
    assert not world.late


def test_a_pulse_that_comes_late_lives_no_longer(world: World) -> None:
    beat = world.make_beat()
    world.order(world.base)
    world.issuer_lies = True
    world.forget_the_orders()
    go_on(world, VALID - STEP, beats=False)
    for holder in (*world.guards, world.node):
        holder.beat(beat)
    go_on(world, VALID, beats=False)
    assert not world.late


def test_a_frozen_process_does_nothing_when_it_is_thawed(world: World) -> None:
    guard = world.guards[0]
    guard.awake = False
    world.order(world.base)
    go_on(world, 2 * LIFE)
    guard.awake = True
    assert not guard.acts()
    go_on(world, LIFE)
    assert not world.late


def test_who_is_told_admits_nothing_from_then_on(world: World) -> None:
    given = world.order(world.base)
    (message,) = world.messages()
    for holder in (*world.guards, world.node):
        holder.hear(message)
    go_on(world, LIFE)
    assert not world.late
    acted = {each.copy for each in world.admissions if each.at > given.at}
    assert acted == {world.copies["other"].rid}
