# SPDX-License-Identifier: Apache-2.0
"""The scripted model itself: what it does next follows from the conversation alone, in both protocols, whole or
streamed; read here by OpenAI's own client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai import OpenAI

from tests.frameworks.model import ScriptedModel
from tests.frameworks.script import Heard, Turn, next_turn, of_chat

STEPS = [
    {"call": "look", "with": {"at": "x"}},
    {"call": "ask", "with": {"id": "$found"}, "find": r"id (\w+)", "while": "wait"},
]
TASK = f"Do this.\nscript: {json.dumps(STEPS)}"


def heard(*results: str, tools: frozenset[str] = frozenset()) -> Heard:
    return Heard(TASK, results, tools)


def test_a_script_is_followed_step_by_step() -> None:
    assert next_turn(heard()) == Turn(call="look", arguments='{"at": "x"}')
    assert next_turn(heard("id abc")) == Turn(call="ask", arguments='{"id": "abc"}')
    assert next_turn(heard("id abc", "wait")).call == "ask"
    assert next_turn(heard("id abc", "wait", "there")) == Turn(text="Finished: there")
    last = next_turn(heard("id abc", "there", tools=frozenset({"final_answer"})))
    assert (last.call, json.loads(last.arguments)) == ("final_answer", {"answer": "Finished: there"})
    assert next_turn(Heard("no script", (), frozenset())).text == "Hello."


def test_the_newest_task_counts() -> None:
    turns = [
        {"role": "user", "content": TASK},
        {"role": "tool", "content": "old"},
        {"role": "user", "content": [{"type": "text", "text": TASK}]},
        {"role": "user", "content": "Observation:\nid abc"},
    ]
    assert of_chat({"messages": turns}).results == ("Observation:\nid abc",)


@pytest.fixture(scope="module")
def client() -> Iterator[OpenAI]:
    model = ScriptedModel()
    with OpenAI(base_url=model.url, api_key="none") as made:
        yield made
    model.close()


TOOL: Any = {"type": "function", "name": "look", "parameters": {"type": "object"}}


@pytest.mark.parametrize("stream", [False, True])
def test_responses_call_tools_and_go_on_by_id(client: OpenAI, stream: bool) -> None:
    def ask(**more: Any) -> Any:
        if not stream:
            return client.responses.create(model="m", tools=[TOOL], **more)
        with client.responses.stream(model="m", tools=[TOOL], **more) as events:
            return events.get_final_response()

    first = ask(input=TASK)
    call = first.output[0]
    assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "look", {"at": "x"})
    done: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "id abc"}]
    second = ask(input=done, previous_response_id=first.id)
    assert json.loads(second.output[0].arguments) == {"id": "abc"}


@pytest.mark.parametrize("stream", [False, True])
def test_chats_call_tools(client: OpenAI, stream: bool) -> None:
    asked: Any = [{"role": "user", "content": TASK}]
    tools: Any = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    if stream:
        with client.chat.completions.stream(model="m", messages=asked, tools=tools) as events:
            message: Any = events.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(model="m", messages=asked, tools=tools).choices[0].message
    call = message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("look", {"at": "x"})
