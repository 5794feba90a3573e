# SPDX-License-Identifier: Apache-2.0
"""Responses with tool calls through the gateway, by OpenAI's own client: they pass unharmed and go on from one another
by our ids; what a model's server would call by itself is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.e2e.running import Demo
from tests.frameworks.model import NAME, ScriptedModel

TASK = 'script: [{"call": "look", "with": {"at": "the sea"}}]'
LOOK: Any = {"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": False}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, ScriptedModel]]:
    model = ScriptedModel()
    store: Path = tmp_path_factory.mktemp("responses") / "store"
    demo = Demo(store, "--url", model.url, "--model", NAME, "--locality", "local")
    yield demo, model
    demo.end()
    model.close()


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_that_the_models_server_keeps(served: tuple[Demo, ScriptedModel], stream: bool) -> None:
    demo, model = served

    def ask(**more: Any) -> Any:
        if not stream:
            return client.responses.create(model="auto", tools=[LOOK], **more)
        with client.responses.stream(model="auto", tools=[LOOK], **more) as events:
            return events.get_final_response()

    with OpenAI(base_url=demo.gateway, api_key=demo.handle) as client:
        first = ask(input=TASK)
        call = first.output[0]
        assert (call.name, json.loads(call.arguments)) == ("look", {"at": "the sea"})
        done: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "wide and deep"}]
        second = ask(input=done, previous_response_id=first.id)
        assert second.output_text == "AI-generated\n\nFinished: wide and deep"
        assert demo.record(first.id.removeprefix("resp_"))["dec"] == "permit"
        assert str(model.asked[-1][1]["previous_response_id"]).startswith("resp_")
        assert model.asked[-1][1]["previous_response_id"] != first.id, "the server is asked by its own id"
        with pytest.raises(openai.NotFoundError) as unknown:
            ask(input=done, previous_response_id=str(model.asked[-1][1]["previous_response_id"]))
        assert unknown.value.code == "request.response_unknown"


def test_a_tool_that_the_models_server_would_call(served: tuple[Demo, ScriptedModel]) -> None:
    demo, model = served
    before = len(model.asked)
    with OpenAI(base_url=demo.gateway, api_key=demo.handle) as client:
        hosted: Any = {"type": "mcp", "server_label": "x", "server_url": "https://elsewhere.example/mcp"}
        with pytest.raises(openai.PermissionDeniedError) as refused:
            client.responses.create(model="auto", input="Hello", tools=[hosted])
    assert (refused.value.code, refused.value.param) == ("tool.hosted", "tools[0]")
    assert len(model.asked) == before, "it was never asked"
    assert refused.value.request_id is not None
    assert demo.record(refused.value.request_id)["err"] == "tool.hosted"
