# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import Unavailable
from answerable.protocols.openai.voices import CHUNK, COMPLETION, MESSAGE, Utterance


def test_who_speaks() -> None:
    assert CHUNK.speaker({"index": 3, "delta": {"content": "a"}}) == (3, {"content": "a"})
    assert MESSAGE.speaker({"message": None}) == (0, {})
    choice = {"index": 0, "text": "a"}
    assert COMPLETION.speaker(choice) == (0, choice)
    assert CHUNK.part_of({"choices": [{"delta": {"a": 1}}]}) == {"a": 1}


def test_all_that_is_said_in_order() -> None:
    part = {
        "reasoning": "why",
        "content": "what",
        "refusal": "no",
        "tool_calls": [
            {"id": "a", "function": {"name": "f", "arguments": "{}"}},
            {"index": 4, "id": "b", "custom": {"name": "g", "input": "raw"}},
            {"index": 5},
        ],
        "function_call": {"name": "old", "arguments": "x"},
    }
    assert CHUNK.utterances(part) == [
        Utterance("reasoning", "why"),
        Utterance("text", "what"),
        Utterance("refusal", "no"),
        Utterance("call", "{}", 0, "a", "f"),
        Utterance("call", "raw", 4, "b", "g"),
        Utterance("call", "", 5),
        Utterance("call", "x", 0, "", "old"),
    ]
    assert CHUNK.utterances({"content": "", "reasoning_content": None}) == []
    assert CHUNK.utterances({"reasoning_content": "x", "reasoning": "x"}) == [Utterance("reasoning", "x")]


@pytest.mark.parametrize("choice", [7, {"index": -1}, {"index": 5000}, {"index": True}, {"index": 0, "delta": 7}])
def test_choices_of_another_shape(choice: Any) -> None:
    with pytest.raises(Unavailable):
        CHUNK.speaker(choice)


@pytest.mark.parametrize(
    "part",
    [
        {"content": 7},
        {"refusal": []},
        {"tool_calls": {}},
        {"tool_calls": [7]},
        {"tool_calls": [{"index": -1}]},
        {"tool_calls": [{"function": 7}]},
        {"tool_calls": [{"function": {"arguments": {}}}]},
        {"function_call": 7},
    ],
)
def test_parts_of_another_shape(part: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        CHUNK.utterances(part)


@pytest.mark.parametrize(
    "part",
    [
        {"reasoning_content": "seen", "reasoning": "unseen"},
        {"tool_calls": [{"custom": {"input": "seen"}, "function": {"arguments": "unseen"}}]},
    ],
)
def test_what_says_two_things_at_one_place_is_broken(part: dict[str, object]) -> None:
    with pytest.raises(Unavailable) as caught:
        MESSAGE.utterances(part)
    assert caught.value.code == "upstream.broken"


def test_two_names_of_one_reasoning_may_repeat_each_other() -> None:
    (said,) = MESSAGE.utterances({"reasoning_content": "so", "reasoning": "so"})
    assert said.text == "so"
