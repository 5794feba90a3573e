# SPDX-License-Identifier: Apache-2.0
"""Words that the real local model said through the gateway to the real OpenAI SDK, found again by the service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from tests.e2e.running import Demo

pytestmark = pytest.mark.model

TELL: Any = [{"role": "user", "content": "Tell me a long story about a lighthouse and the people who keep it."}]

# A small model may end its story early, and a short one tells nothing.
WHOLE: Any = {"extra_body": {"ignore_eos": True}}


def reading(demo: Demo, folder: Path, text: str) -> dict[str, Any]:
    path = folder / "copied.txt"
    path.write_text(text, encoding="utf-8")
    found: dict[str, Any] = demo.cli("read", str(path), "--json").json
    return found


def test_a_streamed_and_an_unstreamed_answer_are_found(client: OpenAI, demo: Demo, tmp_path: Path) -> None:
    whole = client.chat.completions.create(model="auto", messages=TELL, max_tokens=230, temperature=1, seed=3, **WHOLE)
    member: Any = whole.model_extra["answerable"] if whole.model_extra else {}
    assert member["watermark"] == "marked"
    ended = demo.close_of(member["record"])
    assert ended is not None
    assert ended["x"] == {"answerable.words": "marked"}
    pieces, marks = [], set()
    with client.chat.completions.create(
        model="auto", messages=TELL, max_tokens=230, temperature=1, seed=4, stream=True, **WHOLE
    ) as stream:
        for chunk in stream:
            pieces.append(chunk.choices[0].delta.content or "" if chunk.choices else "")
            marks.add((chunk.model_extra or {}).get("answerable", {}).get("watermark"))
    assert marks == {None, "marked"}
    said = whole.choices[0].message.content or ""
    for text in (said, "".join(pieces)):
        # As it is copied: without the label's words, and with a quotation mark before it.
        words = text.removeprefix("AI-generated\n\n")
        found = reading(demo, tmp_path, "> " + words)
        layer = found["layers"]["text_watermark"]
        assert layer["state"] in ("found", "probable")
        assert layer["p_value"] < 1e-3
        assert (layer["model"], layer["records"]) == (whole.model, [])
    # Its index is gone with what was said (or never was here): the words alone still tell the model.
    copied = tmp_path / "part.txt"
    copied.write_text("It began:\n\n" + said[300:], encoding="utf-8")
    told = demo.cli("who", str(copied), "--json")
    assert told.status in (0, 4)
    assert told.json["sure"] == "probably" or told.json["record"] == member["record"]


def test_what_carries_none_says_so(client: OpenAI, demo: Demo, tmp_path: Path) -> None:
    greedy = client.chat.completions.create(model="auto", messages=TELL, max_tokens=120, temperature=0)
    extension: Any = greedy.model_extra["answerable"] if greedy.model_extra else {}
    assert extension["watermark"] == "greedy"
    formed = client.chat.completions.create(model="auto", messages=TELL, max_tokens=4, logprobs=True)
    extension = formed.model_extra["answerable"] if formed.model_extra else {}
    assert extension["watermark"] == "unmarked"
    words = (greedy.choices[0].message.content or "").removeprefix("AI-generated\n\n")
    human = Path(__file__).parents[2] / "LICENSE"
    for text in (words, human.read_text(encoding="utf-8")):
        layer = reading(demo, tmp_path, text)["layers"]["text_watermark"]
        assert layer["state"] in ("absent", "too_short")
        assert "model" not in layer
