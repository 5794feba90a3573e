# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import Unavailable
from answerable.protocols.openai.filling import Filling


def fill(*events: dict[str, Any]) -> list[dict[str, Any]]:
    filling = Filling()
    for event in events:
        filling.fill(event["type"], event)
    return list(events)


def item(identity: str, kind: str = "message") -> dict[str, Any]:
    return {"type": "response.output_item.added", "item": {"id": identity, "type": kind}}


def test_events_of_llama_get_what_the_sdk_needs() -> None:
    events = fill(
        {"type": "response.created", "response": {"id": "r"}},
        item("a", "reasoning"),
        {"type": "response.reasoning_text.delta", "item_id": "a", "delta": "x"},
        item("b"),
        {"type": "response.content_part.added", "item_id": "b", "part": {}},
        {"type": "response.output_text.delta", "item_id": "b", "delta": "x"},
        {"type": "response.content_part.added", "item_id": "b", "part": {}},
        {"type": "response.output_text.done", "item_id": "b", "text": "x"},
    )
    assert [event["sequence_number"] for event in events] == list(range(8))
    assert events[0]["response"] == {"id": "r", "output": []}
    assert [event.get("output_index") for event in events[1:]] == [0, 0, 1, 1, 1, 1, 1]
    assert [events[i]["content_index"] for i in (2, 4, 5, 6, 7)] == [0, 0, 0, 1, 1]
    assert events[5]["logprobs"] == []


def test_what_is_there_stays() -> None:
    (event,) = fill(
        {
            "type": "response.output_text.delta",
            "sequence_number": 9,
            "output_index": 4,
            "content_index": 2,
            "logprobs": [1],
            "item_id": "z",
        }
    )
    assert [event[k] for k in ("sequence_number", "output_index", "content_index", "logprobs")] == [9, 4, 2, [1]]


def test_items_are_bounded() -> None:
    with pytest.raises(Unavailable):
        fill(*[item(str(n)) for n in range(1100)])
