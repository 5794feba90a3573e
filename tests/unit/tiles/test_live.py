# SPDX-License-Identifier: Apache-2.0
"""A live store as static resources: exactly the static files, and nothing that was not published."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.log import tiles
from answerable.tiles.live import Live, Published
from tests.tiled import Grown, entries, files


def test_it_gives_the_static_files_byte_for_byte(tmp_path: Path) -> None:
    log = Grown(entries(70_000))
    log.write(tmp_path)
    source = Live(log, log.published)
    static = files(tmp_path)
    assert len(static) == 274 * 2 + 2 + 1 + 1
    for path, data in static.items():
        assert source.get(path, 1 << 20) == data


def test_narrower_tiles_are_there_too() -> None:
    log = Grown(entries(300))
    source = Live(log, log.published)
    assert source.get("tile/0/000.p/7", 1000) == log.tiles[0, 0][: 7 * 32]
    assert source.get("tile/entries/001.p/2", 1000) == b"\x00\x08leaf 256\x00\x08leaf 257"


def test_what_was_not_published_is_not_there() -> None:
    log = Grown(entries(300))
    before = log.note
    log.grow(entries(300, 300))
    source = Live(log, lambda: before)
    assert source.get("checkpoint", 1000) == before
    assert source.get("tile/0/001.p/44", 10_000) is not None
    for path in ("tile/0/001.p/45", "tile/0/001", "tile/entries/001", "tile/entries/001.p/45", "tile/1/000.p/2"):
        assert source.get(path, 1 << 20) is None
    assert Live(log, lambda: b"").get("checkpoint", 1000) is None
    assert Live(log, lambda: b"").get("tile/0/000.p/1", 1000) is None


@pytest.mark.parametrize("path", ["", "tile", "tile/0/../../secret", "log.db", "tile/0/9", "tile/63/000", "Checkpoint"])
def test_nothing_else_is_there(path: str) -> None:
    log = Grown(entries(300))
    assert Live(log, log.published).get(path, 1000) is None


def test_pruning_withholds_what_ends_below_the_mark() -> None:
    log = Grown(entries(70_000))
    source = Live(log, log.published, minimum=1000)
    assert source.get("pruned", 100) == tiles.mark(1000)
    for path in ("tile/0/000", "tile/0/002", "tile/entries/002", "tile/entries/002.p/9"):
        assert source.get(path, 1 << 20) is None
    for path in ("tile/0/003", "tile/entries/003", "tile/1/000", "tile/0/003.p/1"):
        assert source.get(path, 1 << 20) is not None
    assert Live(log, log.published).get("pruned", 100) is None


def test_bounds_and_close() -> None:
    log = Grown(entries(300))
    source = Live(log, log.published)
    with pytest.raises(Unavailable) as caught:
        source.get("tile/0/000", 100)
    assert caught.value.code == "source.oversized"
    source.close()


def test_the_guards_file(tmp_path: Path) -> None:
    (tmp_path / "published").write_bytes(b"note")
    assert Published(tmp_path / "published")() == b"note"
    with pytest.raises(Unavailable) as caught:
        Published(tmp_path / "gone")()
    assert caught.value.code == "store.unguarded"
