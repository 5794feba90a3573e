# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.model.actions import Chunk
from answerable.protocols.openai.marker import Silent, move


def test_citations_move() -> None:
    annotations = [
        {"start_index": 1, "end_index": 4},
        {"url_citation": {"start_index": 0, "end_index": 2}},
        7,
        {"index": 3},
    ]
    move(annotations, 10)
    assert annotations == [
        {"start_index": 11, "end_index": 14},
        {"url_citation": {"start_index": 10, "end_index": 12}},
        7,
        {"index": 3},
    ]
    move(None, 1)
    move([{"start_index": True}], 1)


def test_silent_sets_no_words() -> None:
    chunk = Chunk({"data": []})
    silent = Silent()
    silent.begin(chunk, "words")
    assert chunk.body == {"data": []}
    assert silent.place(chunk) is chunk.body
