# SPDX-License-Identifier: Apache-2.0
"""What is found by index and tags, over a batch of which one payload is gone. Both kinds of store: conformance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from answerable.stores.found import Found


class Batch(Found):
    """Two leaves of one batch, at 4 and 5; the tags' file knows more than is kept."""

    def __init__(self) -> None:
        self.kept = {"a": [b"1", b"2", b"3"], "b": [b"3"]}
        self._index: Any = SimpleNamespace(find={"a": 4, "b": 5, "gone": 5}.get, close_of={"a": "b"}.get)
        self._tags: Any = SimpleNamespace(
            find=lambda tag: ["a", "b", "gone"],
            alike=lambda tags, least: [("gone", 3), ("a", 3), ("b", 1)],
            near=lambda wanted: [],
        )

    def segment_of(self, index: int) -> int:
        assert index in (4, 5)
        return 4

    def tagged(self, start: int, end: int, only: str = "") -> list[tuple[bytes, int, str, int]]:
        assert (start, end) == (4, 5)
        return [(tag, 4, only, 0) for tag in self.kept.get(only, [])]


def test_by_its_id() -> None:
    batch = Batch()
    assert (batch.find("a"), batch.find("nobody"), batch.close_of("a")) == (4, None, "b")


def test_tags_are_those_of_what_is_kept() -> None:
    batch = Batch()
    assert batch.tags("a") == [b"1", b"2", b"3"]
    assert batch.tags("gone") == batch.tags("nobody") == []
    assert batch.by_tag(b"3") == ["a", "b"]
    assert batch.by_tag(b"2") == ["a"]


def test_those_that_share_enough_of_what_is_kept() -> None:
    batch = Batch()
    assert batch.alike([b"1", b"2", b"2", b"9"], 2) == [("a", 2)]
    assert batch.alike([b"1", b"3"], 1) == [("a", 2), ("b", 1)]
    cast("Any", batch)._tags = None
    assert batch.alike([], 1) == [], "the index is not even asked"
