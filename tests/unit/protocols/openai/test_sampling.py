# SPDX-License-Identifier: Apache-2.0
"""How a request has words chosen, and that it cannot choose to have them unmarked."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.formats.api_text import dialects
from answerable.model.labels import Sampling
from answerable.protocols.openai.request import CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES, read
from answerable.protocols.openai.sampling import _FORMED, CONTROLS, NESTED, sampling, without_opt_out

SAY = [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, Sampling.FREE),
        ({"temperature": 1, "top_p": 0.9, "seed": 7, "stop": ["x"], "n": 2, "max_tokens": 5}, Sampling.FREE),
        ({"tools": [], "response_format": {"type": "text"}, "logprobs": False, "stop": None}, Sampling.FREE),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}, Sampling.FREE),
        ({"temperature": 0}, Sampling.GREEDY),
        ({"temperature": 0.0, "tools": [{}]}, Sampling.GREEDY),
        ({"top_k": 1}, Sampling.GREEDY),
        ({"top_p": 0}, Sampling.GREEDY),
        ({"use_beam_search": True}, Sampling.GREEDY),
        ({"tools": [{"type": "function"}]}, Sampling.FORMED),
        ({"response_format": {"type": "json_object"}}, Sampling.FORMED),
        ({"grammar": "root ::= x"}, Sampling.FORMED),
        ({"logprobs": True}, Sampling.FORMED),
        ({"n": 1_000_000}, Sampling.FORMED),
        ({"n": True}, Sampling.FORMED),
        ({"seed": "x"}, Sampling.FORMED),
        ({"stop": [1]}, Sampling.FORMED),
        ({"max_tokens": -1}, Sampling.FORMED),
        ({"max_tokens": "x"}, Sampling.FORMED),
        ({"messages": []}, Sampling.FORMED),
        ({"messages": ["x"]}, Sampling.FORMED),
        ({"messages": [*SAY, {"role": "assistant", "content": "It"}]}, Sampling.FORMED),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, Sampling.FORMED),
        ({"messages": [{"role": "assistant", "content": "", "tool_calls": [{}]}, *SAY]}, Sampling.FORMED),
    ],
)
def test_chats(more: dict[str, Any], found: Sampling) -> None:
    assert sampling(CHAT, {"messages": SAY, **more}) is found


def test_other_endpoints() -> None:
    assert sampling(COMPLETIONS, {"prompt": "Once"}) is Sampling.FREE
    assert sampling(COMPLETIONS, {"prompt": ["Once"]}) is Sampling.FORMED
    assert sampling(COMPLETIONS, {"prompt": "Once", "echo": True}) is Sampling.FORMED
    assert sampling(RESPONSES, {"input": "Once"}) is Sampling.FORMED
    assert sampling(RESPONSES, {"input": "Once", "temperature": 0}) is Sampling.GREEDY
    assert sampling(EMBEDDINGS, {"input": "Once"}) is Sampling.NONE
    assert (
        read(CHAT, json.dumps({"model": "m", "messages": SAY, "temperature": 0}).encode()).sampling is Sampling.GREEDY
    )


OPT_OUTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"watermarking": False}, {}),
    ({"watermarking": None}, {}),
    ({"watermarking": 0}, {}),
    ({"watermarking": "false"}, {}),
    ({"watermarking": True}, {"watermarking": True}),
    ({"watermark": {"enabled": False}}, {}),
    ({"watermark": {"enabled": True}}, {"watermark": {"enabled": True}}),
    ({"watermark": {"enabled": True, "context_window": 64}}, {}),
    ({"watermark": False}, {}),
    ({"sampling_params": {"watermarking": False, "top_k": 3}}, {"sampling_params": {"top_k": 3}}),
    ({"vllm_xargs": {"watermarking": False}}, {"vllm_xargs": {}}),
    ({"extra_body": {"watermark": True}}, {"extra_body": {"watermark": True}}),
    ({"watermark_config": {"key": 1}}, {}),
    ({"sampling_params": "x"}, {"sampling_params": "x"}),
]


@pytest.mark.parametrize(("asked", "left"), OPT_OUTS)
def test_nobody_talks_a_watermark_away(asked: dict[str, Any], left: dict[str, Any]) -> None:
    before = copy.deepcopy(asked)
    body = dict(asked)
    without_opt_out(body)
    assert body == left
    assert asked == before, "the request itself stays as it is"


@pytest.mark.parametrize("path", [CHAT, COMPLETIONS, RESPONSES])
def test_what_goes_upstream_has_no_opt_out(path: str) -> None:
    said = {
        "messages": SAY,
        "prompt": "x",
        "input": "x",
        "watermarking": False,
        "sampling_params": {"watermark": False},
    }
    body = json.loads(dialects().at(path).prepare(said, "m", stream=False))
    assert "watermarking" not in body
    assert body["sampling_params"] == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("messages", "prompt", "n", "seed", "stop", "temperature", "top_p", "top_k")
NAMES = sorted({*_FORMED, *CONTROLS, *NESTED, *KEYS})


@given(
    st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), JSON, max_size=6),
    st.sampled_from([CHAT, COMPLETIONS]),
)
def test_whatever_a_request_holds(request: dict[str, Any], path: str) -> None:
    assert isinstance(sampling(path, request), Sampling)
    body = dict(request)
    without_opt_out(body)
    assert all(body[name] is True or body[name] == {"enabled": True} for name in CONTROLS & body.keys())
    assert body.keys() - CONTROLS == request.keys() - CONTROLS
