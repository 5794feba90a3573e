# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import Unavailable
from answerable.protocols.openai.slots import slots

ITEM = {
    "type": "message",
    "id": "m",
    "content": [{"type": "output_text", "text": "hi"}, {"type": "refusal", "refusal": "no"}],
}
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}


def test_the_same_text_has_the_same_key_wherever_it_stands() -> None:
    places: list[dict[str, Any]] = [
        {"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "hi"},
        {"type": "response.content_part.done", "output_index": 0, "content_index": 0, "part": ITEM["content"][0]},
        {"type": "response.output_item.done", "output_index": 0, "item": ITEM},
        {"type": "response.completed", "response": {"output": [ITEM]}},
        {"object": "response", "output": [ITEM]},
    ]
    for place in places:
        slot = slots(place)[0]
        assert (slot.key, slot.text, slot.whole, slot.holder[slot.member]) == (("text", 0, 0), "hi", True, "hi")


def test_pieces_calls_and_reasoning() -> None:
    (piece,) = slots({"type": "response.output_text.delta", "output_index": 2, "content_index": 1, "delta": "x"})
    assert (piece.key, piece.whole) == (("text", 2, 1), False)
    output = [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "s"}], "content": None}, CALL]
    reasoning, call = slots({"output": output})
    assert reasoning.key == ("summary", 0, 0)
    assert (call.key, call.id, call.name, call.text) == (("call", 1, 0), "c", "f", "{}")
    (summary,) = slots({"type": "response.reasoning_summary_part.done", "summary_index": 1, "part": {"text": "s"}})
    assert summary.key == ("summary", 0, 1)


def test_a_text_in_a_place_that_its_event_should_not_have_is_seen_too() -> None:
    event = {"type": "response.output_text.delta", "delta": "a", "item": ITEM, "output": [CALL]}
    assert [slot.text for slot in slots(event)] == ["a", "hi", "no", "{}"]


@pytest.mark.parametrize(
    "bad",
    [
        {"output": 7},
        {"output": [7]},
        {"type": "response.output_text.delta", "delta": 7},
        {"type": "response.output_text.delta", "delta": "x", "output_index": -1},
        {"output": [{"type": "message", "content": [{"type": "output_text", "text": 7}]}]},
    ],
)
def test_other_shapes_are_broken(bad: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        slots(bad)


def test_unknown_kinds_hold_no_slot() -> None:
    assert slots({"type": "response.web_search_call.completed", "item_id": "w"}) == []
    assert slots({"output": [{"type": "image_generation_call", "result": "AAAA"}]}) == []


def test_parts_beyond_the_bound_are_broken_and_not_passed_on_unseen() -> None:
    part = {"type": "output_text", "text": "a"}
    for content in ([part] * 1025, "a text", {"0": part}):
        with pytest.raises(Unavailable) as caught:
            slots({"output": [{"type": "message", "content": content}]})
        assert caught.value.code == "upstream.broken"
