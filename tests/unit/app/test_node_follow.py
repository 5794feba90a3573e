# SPDX-License-Identifier: Apache-2.0
"""What a node does with what it hears; the other side is scripted here, and real in test_node.py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from answerable.admission import orders
from answerable.admission.clocks import ClockMode
from answerable.admission.holding import MOST_ALONE, HolderView
from answerable.app.node_feed import Feed, Told
from answerable.app.node_follow import Follow
from answerable.app.node_replica import Replica
from answerable.app.order_store import OrderStore
from answerable.errors import Unavailable
from answerable.model.units import EPOCH
from tests.small_registry import DOMAIN, Registry
from tests.unit.admission.a_stop import ANNA, ANNA_KID, ORIGIN, PINNED, issued, order, system


class Scripted:
    """In the place of `Link`: a registry here, at an epoch of its own."""

    def __init__(self, registry: Registry) -> None:
        self.feed = Feed(registry.book)
        self.epoch = 0
        self.away = False
        self.orders: tuple[str, ...] = ()
        self.offered: list[bytes] = []
        self.said: list[tuple[int, str]] = []

    async def changes(self, since: str, *, wait: bool, epoch: int = 0, root: str = "") -> Told:
        import msgspec

        await asyncio.sleep(0)
        if self.away:
            raise Unavailable("node.away", detail="scripted")
        self.said.append((epoch, root))
        return msgspec.structs.replace(self.feed.since(since), epoch=self.epoch, orders=self.orders)

    async def regain(self, messages: Sequence[bytes]) -> None:
        self.offered += messages
        self.epoch = 1


def follow(tmp_path: Path) -> tuple[Follow, Scripted, Replica, HolderView, list[Any]]:
    registry = Registry()
    registry.party("A firm")
    link, replica = Scripted(registry), Replica(DOMAIN)
    view = HolderView(PINNED, ClockMode.SAME_HOST, pulse_required=False)
    seen: list[Any] = []

    async def changed(parties: tuple[str, ...]) -> None:
        seen.append(parties)

    return Follow(link, replica, view, OrderStore(tmp_path), changed), link, replica, view, seen  # type: ignore[arg-type]


async def test_it_follows_and_tells_which_parties_changed(tmp_path: Path) -> None:
    following, link, replica, view, seen = follow(tmp_path)
    assert following.problem == "node.unseen"
    assert await following.once()
    assert following.problem == ""
    assert len(seen) == 1
    assert len(seen[0]) == 1
    assert await following.once()
    assert len(seen) == 1, "nothing changed"
    assert replica.seen
    assert link.said[-1] == (0, view.root(0))


async def test_orders_are_kept_over_a_restart(tmp_path: Path) -> None:
    following, _, _, view, _ = follow(tmp_path)
    message = issued(order(7), 7, epoch=1)
    told = view.order(message)
    assert told is not None
    following.keep(told)
    again, _, _, fresh, _ = follow(tmp_path)
    assert again.recall() == 1
    assert fresh.epoch == 1
    assert OrderStore(tmp_path).read() == [message]


async def test_a_registry_of_the_past_is_offered_all_and_not_believed_before_it_has_them(tmp_path: Path) -> None:
    following, link, replica, view, _ = follow(tmp_path)
    view.order(issued(order(7), 7, epoch=1))
    link.regain = _nothing(link)  # type: ignore[method-assign]
    assert not await following.once()
    assert following.problem == "recover.behind"
    assert not replica.seen, "its registry is older than what is known here"
    assert following.offered == 1
    del link.regain  # type: ignore[attr-defined]
    assert not await following.once() or replica.seen
    assert len(link.offered) == 1
    assert await following.once()
    assert replica.seen
    assert following.problem == ""


def _nothing(link: Scripted) -> Any:
    async def regain(_messages: Sequence[bytes]) -> None:
        return None

    return regain


async def test_what_nobody_answers_is_told(tmp_path: Path) -> None:
    following, link, _, _, _ = follow(tmp_path)
    link.away = True
    with pytest.raises(Unavailable, match=r"node\.away"):
        await following.once()


async def test_an_order_comes_with_its_row_and_is_kept_before_it(tmp_path: Path) -> None:
    """The registry's feed may be faster than the relay, and the control plane gone before the relay has spoken."""
    following, link, _, view, _ = follow(tmp_path)
    following._heard = following.keep
    message = issued(order(7), 7, epoch=1)
    link.orders, link.epoch = (message.decode(), "{}"), 1
    assert await following.once()
    assert view.epoch == 1
    assert OrderStore(tmp_path).read() == [message]
    link.orders, link.epoch = (), 0
    assert await following.once(), "offered, and so made good"
    assert link.offered == [message]


async def test_a_registry_below_what_its_own_feed_showed_before_is_of_the_past(tmp_path: Path) -> None:
    following, link, replica, _, _ = follow(tmp_path)
    assert await following.once()
    replica.take(Told(since="x:1", whole=False, more=False, epoch=3, rows=(("counters", EPOCH, "3"),)))
    link.regain = _nothing(link)  # type: ignore[method-assign]
    assert not await following.once()
    assert following.problem == "recover.behind"
    assert link.said[-1][0] == 3, "and the registry is told, so that it stops signing"


def test_what_was_kept_is_known_again_however_much_of_one_officer_it_is(tmp_path: Path) -> None:
    following, _, _, view, _ = follow(tmp_path)
    for num in range(100, 100 + 2 * MOST_ALONE):
        OrderStore(tmp_path).add(
            orders.direct(order(num, by=((ANNA, ANNA_KID),)), origin=ORIGIN, subject=system(num), num=num)
        )
    assert following.recall() == len(view.direct()) == 2 * MOST_ALONE


async def test_who_is_told_to_hurry_asks_at_once_though_it_had_given_up_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("answerable.app.node_follow.RETRY_S", 60.0)
    following, link, replica, _, _ = follow(tmp_path)
    link.away = True
    task = asyncio.create_task(following.run())
    try:
        async with asyncio.timeout(10):
            while following.problem != "node.away":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            link.away = False
            await asyncio.sleep(0.2)
            assert not replica.seen, "it waits"
            following.hurry()
            while not replica.seen:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
