# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from answerable.app.node_feed import Feed, Told
from answerable.app.node_replica import FILE, Replica
from answerable.errors import VerificationError
from answerable.model.records import Stop
from answerable.model.units import EPOCH
from tests.small_registry import DOMAIN, Registry


def told(*rows: tuple[str, str, str | None], whole: bool = False, more: bool = False) -> Told:
    return Told(since="run:1", whole=whole, more=more, epoch=0, rows=rows)


def test_what_was_saved_answers_and_admits_nobody(tmp_path: Path) -> None:
    registry = Registry()
    system = registry.system(registry.party(vouched=True))
    replica = Replica(DOMAIN)
    replica.take(Feed(registry.book).since(""))
    replica.save(tmp_path)
    again = Replica(DOMAIN)
    assert again.restore(tmp_path)
    assert again.system(system.rid) == system
    assert not again.seen
    assert again.since == "", "all is asked for anew"
    (tmp_path / FILE).write_bytes(b"[1,")
    assert not Replica(DOMAIN).restore(tmp_path)
    assert not Replica(DOMAIN).restore(tmp_path / "none")


def test_rows_that_this_version_cannot_read_change_nothing() -> None:
    registry = Registry()
    system = registry.system(registry.party(vouched=True))
    replica = Replica(DOMAIN)
    replica.take(Feed(registry.book).since(""))
    for rows in ([("parties", "p", "{}")], [("nowhere", "k", "v")], [("systems", "s", None)]):
        with pytest.raises(VerificationError, match=r"node\.answer"):
            replica.take(told(*rows))
        assert replica.system(system.rid) == system
        assert replica.since == "", "it begins anew"
    with pytest.raises(VerificationError, match=r"node\.answer"):
        replica.take(told(("copies", "c", '{"rid":"c","id":"i","system":"none","key":"k","since":1}'), whole=True))
    assert replica.system(system.rid) == system


def test_each_change_and_each_touch_is_one() -> None:
    replica = Replica(DOMAIN)
    before = replica.changes
    replica.touch()
    assert replica.changes == before + 1
    assert not replica.take(told())
    assert replica.take(told(("misc", "operator", "LEIXG-1")))
    assert replica.raw is not None


def test_what_was_stopped_once_stays_stopped_whatever_a_registry_of_the_past_shows(tmp_path: Path) -> None:
    registry = Registry()
    past = Feed(registry.book).since("")
    replica = Replica(DOMAIN)
    replica.take(past)
    stop = Stop(
        rid="r" * 32, kind="terminate", scope="all", root="", num=0, digests=(), twins=(), at=1, until=0, reason="",
        officers=(), epoch=2,
    )  # fmt: skip
    replica.take(told(("stops", stop.rid, msgspec.json.encode(stop).decode()), ("counters", EPOCH, "2")))
    assert replica.epoch == 2
    assert past.whole
    replica.take(past)
    assert list(replica.stops()) == [stop]
    assert replica.epoch == 2, "and how far the stop set had come"
    replica.save(tmp_path)
    again = Replica(DOMAIN)
    again.restore(tmp_path)
    again.take(past)
    assert list(again.stops()) == [stop]
