# SPDX-License-Identifier: Apache-2.0
"""Any story of partitions, lost answers, stepped clocks, frozen processes, restarts and one authority that lies: the
real code, in virtual time, against the bound. Nothing is admitted at or after it; who knows an order admits nothing;
and another lineage goes on, for refusing everybody is no stop (`tests/stopworld.py`)."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from answerable.model.terms import OrderKind, Scope
from tests.stopworld import DRIFT, ERROR, LIFE, VALID, World

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
