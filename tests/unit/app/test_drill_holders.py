# SPDX-License-Identifier: Apache-2.0
"""Holders that simulate, in virtual time: each condition stops when it must, and a broken holder would be seen."""

from __future__ import annotations

import pytest

from answerable.admission.bound import bound
from answerable.admission.stopset import StopSet
from answerable.admission.trust import Trust
from answerable.app.drill_holders import SLOW_MS, TROUBLES, Known, Simulant, Trouble
from answerable.model.units import EPOCH, Space
from tests.fleet import GATEWAY, ORIGIN, key
from tests.unit.admission import a_stop
from tests.unit.warrants.office import Office

LIFE = 15_000


def signed(office: Office, name: str, epoch: int) -> bytes:
    """The order of that system, as the registry's issuer tells it."""
    system = office.book.system(name)
    assert system is not None
    return a_stop.issued(a_stop.order(system.num), system.num, epoch=epoch)


async def story(trouble: Trouble, name: str = "base") -> tuple[int, int, Simulant]:
    """(ms after the order when it was admitted last, its actions after it, the holder)."""
    office = Office(life_ms=LIFE)
    trust = Trust(ORIGIN, issuers={a_stop.KID: a_stop.ISSUER.public})
    known = Known((), StopSet.of(()))
    rid = office.copies[name].rid
    holder = Simulant(office.issuer, office.clock, trust, trouble, known, copy=rid, aud=GATEWAY, name="d")
    await holder.begin()
    for _ in range(20):
        office.clock.pass_ms(20)
        holder.step()
    message = signed(office, "base", 1)
    office.stop("base")
    assert office.book.raw(Space.COUNTERS, EPOCH) == b"1"
    at = office.clock.now
    holder.trouble_from(at)
    holder.told(message)
    for _ in range(1_000):
        office.clock.pass_ms(20)
        if not holder.over:
            holder.step()
    return holder.last_ms - at, holder.actions, holder


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
async def test_each_condition_ends_within_the_bound(trouble: Trouble) -> None:
    last, _, holder = await story(trouble)
    assert holder.over
    assert last <= bound("x", LIFE).monotonic
    longest = {"healthy": 0, "push lost": LIFE // 3, "partitioned": LIFE, "clock slow": LIFE}[trouble.name]
    assert last <= longest
    if not trouble.renews:
        assert last > LIFE // 2, "it was cut off, and its warrant was all that ended it"


async def test_who_is_not_stopped_goes_on_where_the_network_is_there() -> None:
    for trouble in TROUBLES:
        _, actions, holder = await story(trouble, "other")
        assert actions > 0, trouble.name
        assert holder.over is not trouble.renews


def test_a_slow_clock_is_one_that_admission_still_takes() -> None:
    assert 0 < SLOW_MS < 1_000
    assert key("issuer").public == a_stop.ISSUER.public
