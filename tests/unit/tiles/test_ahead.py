# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
import time

import pytest

from answerable.errors import Unavailable
from answerable.log.tiles import Tile
from answerable.tiles.ahead import WINDOW, Ahead


class Slow:
    """A line with a delay: each question takes a while, whatever others are under way."""

    name = "slow"

    def __init__(self, delay: float = 0.0) -> None:
        self.delay = delay
        self.asked: list[str] = []
        self.now = self.most = 0
        self._lock = threading.Lock()

    def get(self, path: str, limit: int) -> bytes | None:
        with self._lock:
            self.asked.append(path)
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(self.delay)
        with self._lock:
            self.now -= 1
        if path == "tile/0/013":
            raise Unavailable("source.unreachable", source=self.name, detail="13")
        return None if path == "tile/0/007" else f"{path} {limit}".encode()

    def close(self) -> None:
        raise AssertionError("it stays its owner's")


PLAN = [Tile(0, n) for n in range(60)]


def test_the_answers_are_those_of_the_source() -> None:
    slow = Slow()
    ahead = Ahead(slow, PLAN)
    assert ahead.get("checkpoint", 9) == b"checkpoint 9"
    for tile in PLAN:
        if tile.n == 13:
            with pytest.raises(Unavailable):
                ahead.get(tile.path, tile.limit)
        else:
            assert ahead.get(tile.path, tile.limit) == (None if tile.n == 7 else f"{tile.path} 8192".encode())
    assert ahead.get("tile/0/000", 5) == b"tile/0/000 5"  # once more: asked anew
    ahead.close()
    assert sorted(slow.asked) == sorted(["checkpoint", "tile/0/000", *(tile.path for tile in PLAN)])


def test_several_are_on_their_way_and_not_too_many() -> None:
    slow = Slow(0.01)
    ahead = Ahead(slow, PLAN)
    began = time.monotonic()
    for tile in PLAN[:13]:
        ahead.get(tile.path, tile.limit)
    assert slow.most > 2
    assert time.monotonic() - began < 13 * 0.01
    time.sleep(0.1)
    assert len(slow.asked) <= 13 + WINDOW
    ahead.close()
