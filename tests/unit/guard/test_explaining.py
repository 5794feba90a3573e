# SPDX-License-Identifier: Apache-2.0
"""What a gateway is told before it is shown a warrant that names changes which it may not know."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.trust import Trust
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.guard.explaining import ALL, BYTES, TOGETHER, Explaining, parts
from answerable.guard.lease import Held
from answerable.guard.sources import Leased
from answerable.guard.standing import Standing
from tests.unit.admission import a_stop
from tests.unit.admission.a_warrant import WARRANT

FIRST, SECOND = (a_stop.issued(a_stop.order(num), num, epoch=num) for num in (1, 2))


class Gateway:
    """One that knows what it was told, as a node does."""

    def __init__(self, *known: bytes) -> None:
        self.view = HolderView(Trust(a_stop.ORIGIN, issuers=a_stop.TRUST.issuers), ClockMode.SAME_HOST, False)
        for each in known:
            self.view.order(each)
        self.asked: list[tuple[bytes, ...]] = []
        self.error: AnswerableError | None = None

    async def tell(self, orders: Sequence[bytes]) -> int:
        if self.error is not None:
            raise self.error
        self.asked.append(tuple(orders))
        for each in orders:
            self.view.order(each)
        return self.view.epoch


def leased(epoch: int, *orders: bytes) -> Leased:
    held = Held("token", "g" * 32, 2, 0, 60_000, 20_000, orders=orders)
    return Leased(held, msgspec.structs.replace(WARRANT, epoch=epoch), "the control plane")


def standing(*known: bytes) -> Standing:
    view = HolderView(Trust(a_stop.ORIGIN, issuers=a_stop.TRUST.issuers), ClockMode.SAME_HOST, False)
    for each in known:
        view.order(each)
    return Standing(WARRANT.aud, view)


async def test_a_gateway_is_told_what_it_lacks_and_no_more() -> None:
    gateway = Gateway(FIRST)
    explaining = Explaining(gateway, standing(FIRST, SECOND))
    assert not explaining.done(leased(2))
    assert await explaining.explain(leased(2))
    assert gateway.asked == [(), (SECOND,)]
    assert explaining.done(leased(2))
    assert not explaining.done(leased(3))


async def test_what_is_not_known_here_is_not_explained_though_the_gateway_knows_it() -> None:
    explaining = Explaining(Gateway(FIRST, SECOND), standing(FIRST))
    assert await explaining.explain(leased(2))
    assert not explaining.done(leased(2))


async def test_who_hears_no_orders_hands_on_what_came_with_the_warrant() -> None:
    gateway = Gateway(FIRST)
    explaining = Explaining(gateway, Standing(WARRANT.aud, None))
    assert await explaining.explain(leased(2, SECOND))
    assert explaining.done(leased(2, SECOND))
    assert gateway.view.epoch == 2


async def test_a_gateway_that_is_away_is_told_later_and_one_that_takes_no_orders_never() -> None:
    gateway = Gateway()
    explaining = Explaining(gateway, standing(FIRST))
    gateway.error = Unavailable("upstream.unreachable", upstream="gateway")
    assert not await explaining.explain(leased(1))
    assert not explaining.done(leased(1))
    gateway.error = None
    assert await explaining.explain(leased(1))
    other = Gateway()
    other.error = Refused("request.not_found")
    explaining = Explaining(other, standing(FIRST))
    assert await explaining.explain(leased(1))
    assert explaining.epoch == ALL


@pytest.mark.parametrize(("sizes", "found"), [([], []), ([9] * 65, [64, 1]), ([BYTES, 1], [1, 1]), ([BYTES * 2], [1])])
def test_no_request_is_too_long(sizes: list[int], found: list[int]) -> None:
    told = parts([bytes(size) for size in sizes])
    assert [len(part) for part in told] == found
    assert max((len(part) for part in told), default=0) <= TOGETHER
