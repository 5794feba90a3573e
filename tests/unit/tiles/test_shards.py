# SPDX-License-Identifier: Apache-2.0
"""A shard is recorded only as long as it tells one history."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerable.errors import AnswerableError
from answerable.tiles.live import Live
from answerable.tiles.shards import Shard, folder_of
from tests.small_log import key
from tests.tiled import ORIGIN, TRUST, Grown, entries, files


def shard(log: Grown, folder: Path) -> Shard:
    return Shard(Live(log, log.published), TRUST, folder)


def test_growth_is_seen_once(tmp_path: Path) -> None:
    log = Grown(entries(300))
    follower = shard(log, tmp_path)
    first = follower.look(None)
    assert first is not None
    assert (first.head.size, first.note) == (300, log.note)
    assert follower.look(first.head) is None
    log.grow(entries(400, 300))
    second = follower.look(first.head)
    assert second is not None
    assert second.head.size == 700
    assert shard(Grown(entries(300)), tmp_path).look(second.head) is None  # a cache that lags: the same tree
    follower.keep(second)
    assert (folder_of(tmp_path, ORIGIN) / "checkpoint").read_bytes() == log.note


def test_a_log_that_has_published_nothing(tmp_path: Path) -> None:
    log = Grown()
    log.note = b""
    assert shard(log, tmp_path).look(None) is None


@pytest.mark.parametrize("theirs", [300, 301, 600])
@pytest.mark.parametrize("noted", [True, False])
def test_two_faces_are_refused_and_kept(tmp_path: Path, theirs: int, noted: bool) -> None:
    honest, other = Grown(entries(300)), Grown([*entries(50), *entries(theirs - 50, 50, "lie")])
    seen = shard(honest, tmp_path).look(None)
    assert seen is not None
    if noted:
        shard(honest, tmp_path).keep(seen)
    with pytest.raises(AnswerableError) as caught:
        shard(other, tmp_path).look(seen.head)
    assert caught.value.code == "source.forked"
    kept = [data for path, data in files(tmp_path).items() if "evidence" in path]
    assert len(kept) == 2
    assert other.note in kept
    assert (honest.note in kept) is noted
    assert any(seen.head.text.encode() in data for data in kept)


def test_a_smaller_fork_is_found_where_its_tiles_are(tmp_path: Path) -> None:
    honest, lie = Grown(entries(600)), Grown(entries(300, what="lie"))
    seen = shard(honest, tmp_path).look(None)
    assert seen is not None

    # Tiles of the larger tree are still there, under a checkpoint of another: a static folder that was overwritten.
    class Static(Live):
        def get(self, path: str, limit: int) -> bytes | None:
            return lie.note if path == "checkpoint" else super().get(path, limit)

    with pytest.raises(AnswerableError) as caught:
        Shard(Static(honest, honest.published), TRUST, tmp_path).look(seen.head)
    assert caught.value.code == "source.forked"
    # A store that was rolled back has them no longer: nothing is recorded, and nothing can be said.
    assert shard(lie, tmp_path).look(seen.head) is None


def test_whose_checkpoint_it_is(tmp_path: Path) -> None:
    log = Grown(entries(3), signer=key("another"))
    with pytest.raises(AnswerableError) as caught:
        shard(log, tmp_path).look(None)
    assert caught.value.code == "log.untrusted"
    one, two = Grown(entries(3)), Grown(entries(3), origin="two.invalid")
    seen = shard(one, tmp_path).look(None)
    assert seen is not None
    with pytest.raises(AnswerableError) as caught:
        Shard(Live(two, two.published), two.trust, tmp_path).look(seen.head)
    assert caught.value.code == "source.other"
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AnswerableError) as caught:
        shard(one, tmp_path / "file").keep(seen)
    assert caught.value.code == "source.written"
