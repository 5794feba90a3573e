# SPDX-License-Identifier: Apache-2.0
"""Whom an order does not reach goes on, whenever the control plane dies: any story of orders, tellings, renewals and
time, over the real views, the real admission and what the guard does before it shows a newer warrant."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.admission.admit import admit
from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.trust import Trust
from answerable.guard.explaining import Explaining
from answerable.guard.lease import Held
from answerable.guard.sources import Leased
from answerable.guard.standing import Standing
from tests.unit.admission import a_stop
from tests.unit.admission.a_warrant import T0, WARRANT

LIFE, MOST = 60_000, 4
# None of them reaches the lineage that is watched.
ORDERS = tuple(a_stop.issued(a_stop.order(900 + n, kind="suspend"), 900 + n, epoch=n) for n in range(1, MOST + 1))
TRUST = Trust(a_stop.ORIGIN, issuers=a_stop.TRUST.issuers)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.just(0)),
        st.tuples(st.just("tell the guard"), st.integers(1, MOST)),
        st.tuples(st.just("tell the gateway"), st.integers(1, MOST)),
        st.tuples(st.just("renew"), st.just(0)),
        st.tuples(st.just("die"), st.just(0)),
        st.tuples(st.just("pass"), st.sampled_from([1, 101, LIFE // 3, LIFE // 2, LIFE - 101, LIFE])),
    ),
    max_size=30,
)


class World:
    """The guard's side, the gateway's, and the control plane's."""

    def __init__(self, *, orders: bool = True) -> None:
        self.now, self.epoch, self.dead, self.seq, self.orders = 0, 0, False, 0, orders
        self.here, self.there = (HolderView(TRUST, ClockMode.SAME_HOST, False) for _ in range(2))
        self.standing = Standing(WARRANT.aud, self.here, wall=lambda: T0 + self.now, mono=lambda: self.now)
        self.standing.closed = ""
        self.explaining = Explaining(self, self.standing)
        self.newer: Leased | None = None
        self.renew()

    async def tell(self, orders: Sequence[bytes]) -> int:
        for each in orders:
            self.there.order(each)
        return self.there.epoch

    def renew(self) -> None:
        self.seq += 1
        told = ORDERS[self.here.epoch : self.epoch] if self.orders else ()
        for each in told:
            self.here.order(each)
        warrant = msgspec.structs.replace(
            WARRANT, iat_ms=T0 + self.now, exp_ms=T0 + self.now + LIFE, seq=self.seq, epoch=self.epoch
        )
        held = Held("t", "g", self.seq, warrant.exp_ms, self.now + LIFE, self.now + LIFE // 3, orders=told)
        leased = Leased(held, warrant, "the control plane")
        if self.standing.leased is None:
            self.standing.leased = leased
        else:
            self.newer = leased

    def turn(self) -> None:
        """What the guard does at once."""
        if self.newer is None:
            return
        if not self.explaining.done(self.newer):
            asyncio.run(self.explaining.explain(self.newer))
        if not self.explaining.waits(self.newer, self.now):
            self.standing.leased, self.newer = self.newer, None

    def goes_on(self) -> bool:
        """As guard and gateway admit. Raises what they refuse with while any warrant that was given lives."""
        newest = self.newer or self.standing.leased
        assert newest is not None
        if self.now >= newest.held.ends:
            return False
        leased = self.standing.admit()
        admit(
            leased.warrant,
            now_ms=T0 + self.now,
            mono_ms=self.now,
            deadline_mono_ms=leased.held.ends,
            stops=self.there.stops,
            audience=WARRANT.aud,
        )
        return True

    def step(self, what: str, n: int) -> None:
        if what == "pass":
            # The loop wakes for the end of what it shows.
            for until in sorted({self.standing.ends - 100, self.standing.ends, self.now + n}):
                if self.now < until <= self.now + n:
                    n -= until - self.now
                    self.now = until
                    self.turn()
        elif what == "tell the guard" and n <= self.epoch:
            self.here.order(ORDERS[n - 1])
        elif what == "tell the gateway" and n <= self.epoch:
            self.there.order(ORDERS[n - 1])
        elif self.dead:
            return
        elif what == "commit" and self.epoch < MOST:
            self.epoch += 1
        elif what == "renew":
            self.renew()
        elif what == "die":
            self.dead = True
        self.turn()


@settings(max_examples=200, deadline=None)
@given(steps)
def test_it_goes_on_while_any_warrant_that_it_was_given_lives(story: list[tuple[str, int]]) -> None:
    world = World()
    for what, n in story:
        world.step(what, n)
        world.goes_on()


@settings(max_examples=200, deadline=None)
@given(steps)
def test_without_a_word_of_what_it_names_the_warrant_before_is_shown_to_its_end(story: list[tuple[str, int]]) -> None:
    """An issuer of before, that sends no orders along: no worse than if the renewal had not been answered."""
    world = World(orders=False)
    for what, n in story:
        shown = world.standing.leased
        world.step(what, n)
        assert shown is not None
        known = min(world.here.epoch, world.there.epoch) >= shown.warrant.epoch
        if known and world.now < shown.held.ends - 100:
            assert world.goes_on()


def test_the_moment_between_an_orders_commit_and_its_telling() -> None:
    world = World()
    for what, n in (("commit", 0), ("renew", 0), ("die", 0)):
        world.step(what, n)
    assert world.goes_on()
    assert world.there.epoch == 1, "the guard handed it on"
    assert world.standing.leased is not None
    assert world.standing.leased.warrant.epoch == 1
    world.step("pass", LIFE - 1)
    assert world.goes_on()
    world.step("pass", 1)
    assert not world.goes_on(), "the dead man's rule stands"
