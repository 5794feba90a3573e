# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest
from openai.types import Completion

from answerable.errors import Unavailable
from answerable.protocols.openai import completions
from tests.openai_wire import DIALECTS, RID, capture, through

COMPLETIONS = DIALECTS.at("/v1/completions")


def test_a_real_answer() -> None:
    sent = through("completions", capture("completions", stream=False), stream=False)
    got = Completion.model_validate_json(sent.data)
    assert got.id == f"cmpl-{RID}"
    assert got.choices[0].text.startswith("AI-generated\n\n")
    assert sent.chunks[0].usage == (1, 8)


def test_a_real_stream() -> None:
    raw = capture("completions", stream=True)
    sent = through("completions", raw, stream=True)
    assert sent.data.count(b"data: ") == raw.count(b"data: ")
    got = [body["choices"][0]["text"] for body in sent.bodies]
    assert "".join(got) == "AI-generated\n\n" + sent.transcript.texts()[0]
    assert [i for i, body in enumerate(sent.bodies) if "answerable" in body] == [0, len(got) - 1]
    assert sent.chunks[-1].usage == (1, 8)


def test_prepare() -> None:
    body = json.loads(COMPLETIONS.prepare({"prompt": "x", "stream_options": None}, "w", stream=True))
    assert body == {"prompt": "x", "model": "w", "stream_options": {"include_usage": True}}


def test_whole_refuses_other_shapes() -> None:
    with pytest.raises(Unavailable):
        completions.whole({"choices": [{"index": 0, "text": 7}]})
