# SPDX-License-Identifier: Apache-2.0
"""`docs/spec/content.md` and `docs/spec/label.md`: the code does what the vectors say, and the pages name what it
does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from answerable.errors import VerificationError
from answerable.formats import saved
from answerable.marks import aigc, provider_code, wording
from answerable.model.labels import AIGC, Label, Place
from answerable.protocols.openai.request import FORMS
from tests.openai_wire import DIALECTS, carry

SPEC = Path(__file__).parents[2] / "docs" / "spec"
CONTENT: dict[str, Any] = json.loads((SPEC / "vectors" / "content.json").read_text("utf-8"))
LABEL: dict[str, Any] = json.loads((SPEC / "vectors" / "label.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CONTENT["cases"], ids=lambda case: case["name"])
def test_content(case: dict[str, Any]) -> None:
    object_ = AIGC(label="1", content_producer=CONTENT["provider"], produce_id=CONTENT["record"])
    mark = Label(case["explicit"], Place(case["place"]), object_, CONTENT["record"], "s", "p", "en")
    sent = carry(DIALECTS.at(case["path"]), [case["upstream"].encode()], stream=case["stream"], mark=mark)
    assert sent.data.decode() == case["sent"]
    assert sent.transcript.body().decode() == case["content"]
    assert list(sent.transcript.texts()) == case["texts"]
    assert rfc8785.dumps(json.loads(case["content"])).decode() == case["content"]
    kept = saved.read(case["sent"].encode())
    assert (kept.record, kept.content.decode(), list(kept.texts)) == (CONTENT["record"], case["content"], case["texts"])


def test_streamed_and_whole_vectors_agree() -> None:
    by_name = {case["name"]: case["content"] for case in CONTENT["cases"]}
    assert by_name["chat, whole"] == by_name["chat, streamed: the same content"]
    assert by_name["responses, whole"] == by_name["responses, streamed: the same content"]
    assert by_name["embeddings, numbers"] == by_name["embeddings, base64: the same content"]


def test_words() -> None:
    assert LABEL["words"] == wording.WORDS
    for language, prefix in LABEL["prefixes"].items():
        assert wording.prefix(wording.words(language)) == prefix


def test_aigc_written_and_read() -> None:
    written = AIGC(*LABEL["written"]["label"].values())
    assert aigc.write(written) == LABEL["written"]["text"]
    for case in LABEL["read"]:
        assert aigc.read(case["text"]) == aigc.Found(AIGC(*case["aigc"].values()), tuple(case["problems"])), case[
            "name"
        ]


def test_aigc_refused() -> None:
    for case in LABEL["refused"]:
        with pytest.raises(VerificationError):
            aigc.read(case["text"])
    for members in LABEL["not_written"]:
        with pytest.raises(VerificationError):
            aigc.write(AIGC(*members.values()))


def test_provider_codes() -> None:
    for case in LABEL["provider_codes"]["good"]:
        assert provider_code.parse(case["code"]) == provider_code.ProviderCode(
            case["uscc"], case["role"], case["suffix"]
        )
    for code in LABEL["provider_codes"]["bad"]:
        with pytest.raises(VerificationError):
            provider_code.parse(code)


def test_the_page_names_every_form_that_keeps_words_out_of_the_text() -> None:
    page = (SPEC / "label.md").read_text("utf-8")
    assert all(f"`{form}`" in page for form in FORMS)
    assert all(f"`{words}`" in page for words in wording.WORDS.values())
