# SPDX-License-Identifier: Apache-2.0
"""What nodes are told: everything once, then changes; and never what no gateway needs."""

from __future__ import annotations

import asyncio
import time

import msgspec

from answerable.app import node_feed
from answerable.app.node_feed import Feed
from answerable.app.node_replica import Replica
from answerable.model.terms import AdminRole
from answerable.model.units import Drop, Put, Space
from tests.small_registry import DOMAIN, Registry


def followed(feed: Feed, replica: Replica) -> Replica:
    for _ in range(1000):
        told = feed.since(replica.since)
        replica.take(told)
        if not told.more:
            return replica
    raise AssertionError("it never ends")


def world() -> tuple[Registry, Feed]:
    registry = Registry()
    party = registry.party("A firm", vouched=True)
    registry.admin(registry.person("Anna Person"), AdminRole.ADMINISTRATOR)
    for number in range(8):
        registry.copy(registry.system(party, f"model {number}"))
    return registry, Feed(registry.book)


def test_everything_then_each_change(monkeypatch: object) -> None:
    registry, feed = world()
    replica = followed(feed, Replica(DOMAIN))
    assert replica.seen
    assert list(replica.systems()) == list(registry.book.systems())
    assert list(replica.copies()) == list(registry.book.copies())
    before = replica.changes
    assert feed.since(replica.since).rows == ()
    assert followed(feed, replica).changes == before

    party = next(iter(registry.book.parties()))
    for number in range(3):
        planned_before = dict(registry.rows[Space.SYSTEMS])
        system = registry.system(party, f"later {number}")
        effects = [
            Put(space, key, value)
            for space in Space
            for key, value in registry.rows[space].items()
            if space is not Space.SYSTEMS or key not in planned_before
        ]
        feed.applied(effects)
        assert followed(feed, replica).system(system.rid) == system


def test_everything_comes_in_pages_and_what_changes_meanwhile_comes_after(monkeypatch: object) -> None:
    registry, feed = world()
    small = 300
    old, node_feed.PAGE = node_feed.PAGE, small  # type: ignore[misc]
    try:
        replica = Replica(DOMAIN)
        told = feed.since("")
        assert told.whole
        assert told.more
        replica.take(told)
        assert not replica.seen
        assert replica.system("model 7") is None
        copy = next(iter(registry.book.copies()))
        ended = msgspec.structs.replace(copy, ended=5)
        registry.rows[Space.COPIES][copy.rid] = msgspec.json.encode(ended)
        effect = Put(Space.COPIES, copy.rid, msgspec.json.encode(ended))
        registry.book.apply([effect])
        feed.applied([effect])
        followed(feed, replica)
        assert replica.copy(copy.rid) == ended
        assert list(replica.systems()) == list(registry.book.systems())
    finally:
        node_feed.PAGE = old  # type: ignore[misc]


def test_who_is_too_far_behind_or_of_another_run_begins_anew() -> None:
    registry, _ = world()
    feed = Feed(registry.book, remembered=2)
    replica = followed(feed, Replica(DOMAIN))
    effects = [Put(Space.HANDLES, f"h{number}", b"x") for number in range(4)]
    handles = [
        Put(effect.space, effect.key, msgspec.json.encode(
            {"rid": effect.key, "digest": effect.key, "copy": "c", "binding": "unix", "since": 0, "expires": 9}
        ))
        for effect in effects
    ]  # fmt: skip
    registry.book.apply(handles)
    feed.applied(handles)
    assert feed.since(replica.since).whole
    assert followed(feed, replica).handle("h3") is not None
    assert Feed(registry.book).since(replica.since).whole, "another run"
    for nonsense in ("", "x", "a:b", f"{feed.run}:99999", f"{feed.run}:1:2", f"{feed.run}:-1"):
        assert feed.since(nonsense).whole
    drop = Drop(Space.HANDLES, "h3")
    registry.book.apply([drop])
    feed.applied([drop])
    assert followed(feed, replica).handle("h3") is None


def test_names_of_people_reasons_and_nonces_do_not_leave() -> None:
    registry, feed = world()
    told = feed.since("")
    text = msgspec.json.encode(told).decode()
    assert "Anna Person" not in text
    assert "A firm" in text
    assert {space for space, _, _ in told.rows}.isdisjoint({"nonces", "keys", "party_keys", "announced", "opens"})
    stop = {
        "rid": "r" * 32, "kind": "suspend", "scope": "all", "root": "", "num": 0, "digests": [], "twins": [],
        "at": 1, "until": 0, "reason": "because of Anna", "officers": [],
    }  # fmt: skip
    effect = Put(Space.STOPS, "r" * 32, msgspec.json.encode(stop))
    registry.book.apply([effect])
    feed.applied([effect])
    assert "because of Anna" not in msgspec.json.encode(feed.since(told.since)).decode()


async def test_who_waits_is_answered_when_something_changes() -> None:
    registry, feed = world()
    replica = followed(feed, Replica(DOMAIN))
    began = time.monotonic()
    await feed.changed(replica.since, 0.05)
    assert time.monotonic() - began >= 0.04
    waiting = asyncio.create_task(feed.changed(replica.since, 10))
    await asyncio.sleep(0)
    feed.applied([Put(Space.NONCES, "n", b"1")])
    await asyncio.sleep(0)
    assert not waiting.done(), "nothing for a node"
    row = next(iter(registry.book.rows(Space.PARTIES)))
    feed.applied([Put(Space.PARTIES, *row)])
    async with asyncio.timeout(1):
        await waiting
    await feed.changed("", 10)  # who knows nothing is answered at once
