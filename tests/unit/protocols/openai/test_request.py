# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest

from answerable.errors import Refused
from answerable.model.labels import Sampling
from answerable.protocols.openai.request import CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES, Parsed, read

MESSAGES = [{"role": "user", "content": "hi"}]


def chat(**more: Any) -> Parsed:
    return read(CHAT, json.dumps({"model": "auto", "messages": MESSAGES, **more}).encode())


def refusal(path: str, **body: Any) -> tuple[str, object]:
    with pytest.raises(Refused) as caught:
        read(path, json.dumps(body).encode())
    return caught.value.code, caught.value.params.get("param")


def test_what_is_understood() -> None:
    parsed = chat(stream=True, stream_options={"include_usage": True}, user="u", unknown={"a": 1})
    assert parsed == Parsed(
        path=CHAT,
        request=parsed.request,
        model="auto",
        stream=True,
        language="en",
        explicit_in_text=True,
        usage_wanted=True,
        principal="u",
        sampling=Sampling.FREE,
    )
    assert parsed.request["unknown"] == {"a": 1}
    assert chat(user="u", safety_identifier="s").principal == "s"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (CHAT, {"messages": MESSAGES}, ("request.missing", "model")),
        (CHAT, {"model": 7, "messages": MESSAGES}, ("request.invalid", "model")),
        (CHAT, {"model": "m" * 600, "messages": MESSAGES}, ("request.invalid", "model")),
        (CHAT, {"model": "m"}, ("request.missing", "messages")),
        (CHAT, {"model": "m", "messages": []}, ("request.invalid", "messages")),
        (CHAT, {"model": "m", "messages": "hi"}, ("request.invalid", "messages")),
        (CHAT, {"model": "m", "messages": [*MESSAGES, {"content": "x"}]}, ("request.invalid", "messages[1]")),
        (CHAT, {"model": "m", "messages": MESSAGES, "stream": "yes"}, ("request.invalid", "stream")),
        (CHAT, {"model": "m", "messages": MESSAGES, "stream_options": 1}, ("request.invalid", "stream_options")),
        (COMPLETIONS, {"model": "m"}, ("request.missing", "prompt")),
        (COMPLETIONS, {"model": "m", "prompt": 7}, ("request.invalid", "prompt")),
        (RESPONSES, {"model": "m"}, ("request.missing", "input")),
        (RESPONSES, {"model": "m", "input": [7]}, ("request.invalid", "input")),
        (RESPONSES, {"model": "m", "input": "x", "background": True}, ("request.unsupported", "background")),
        (RESPONSES, {"model": "m", "input": "x", "conversation": "c"}, ("request.unsupported", "conversation")),
        (
            RESPONSES,
            {"model": "m", "input": "x", "previous_response_id": 7},
            ("request.invalid", "previous_response_id"),
        ),
        (EMBEDDINGS, {"model": "m"}, ("request.missing", "input")),
        (EMBEDDINGS, {"model": "m", "input": []}, ("request.invalid", "input")),
        (EMBEDDINGS, {"model": "m", "input": "x", "stream": True}, ("request.unsupported", "stream")),
    ],
)
def test_what_is_refused(path: str, body: dict[str, Any], expected: tuple[str, str]) -> None:
    assert refusal(path, **body) == expected


def test_a_path_that_is_no_endpoint() -> None:
    assert refusal("/v1/files")[0] == "request.not_found"


@pytest.mark.parametrize(
    "member",
    [
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": {}}},
        {"response_format": "json"},
        {"tool_choice": "required"},
        {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required"}}},
        {"function_call": {"name": "f"}},
        {"guided_json": {}},
        {"grammar": "root ::= 'a'"},
        {"text": {"format": {"type": "json_schema"}}},
    ],
)
def test_a_form_that_is_fixed_keeps_words_out_of_the_text(member: dict[str, Any]) -> None:
    assert chat(**member).explicit_in_text is False


@pytest.mark.parametrize(
    "member",
    [
        {"response_format": {"type": "text"}},
        {"tools": [{}], "tool_choice": "auto"},
        {"tools": [{}], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto"}}},
        {"text": {"format": {"type": "text"}}},
        {"response_format": None},
    ],
)
def test_free_text_is_labelled_in_the_text(member: dict[str, Any]) -> None:
    assert chat(**member).explicit_in_text is True


def test_the_language_is_that_of_the_users_last_words() -> None:
    turns = [{"role": "user", "content": "hello"}, {"role": "user", "content": [{"type": "text", "text": "你好吗"}]}]
    assert chat(messages=[*turns, {"role": "assistant", "content": "fine"}]).language == "zh"
    assert chat(messages=turns[::-1]).language == "en"
    for path, body in (
        (COMPLETIONS, {"prompt": ["a", "你好"]}),
        (RESPONSES, {"input": "你好"}),
        (RESPONSES, {"input": [{"role": "user", "content": [{"type": "input_text", "text": "你好"}]}]}),
    ):
        assert read(path, json.dumps({"model": "m", **body}).encode()).language == "zh"
    asked = json.dumps({"model": "m", "messages": turns}).encode()
    assert read(CHAT, asked, "en-GB,en;q=0.8").language == "en"
    assert read(RESPONSES, b'{"model":"m","prompt":{"id":"p"}}').language == "en"


def test_embeddings_have_no_text_to_label() -> None:
    assert read(EMBEDDINGS, b'{"model":"m","input":[1,2,3]}').explicit_in_text is False
