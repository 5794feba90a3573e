# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.formats.api_text import ApiText
from answerable.protocols.multipart import Form, Part, parse
from answerable.protocols.openai.media_request import FORM
from answerable.protocols.openai.pictures import EditedPictures, Pictures
from answerable.protocols.openai.speech import Speech

FORMED = Form(
    "b", (Part("model", b"ours"), Part("prompt", b"a hill"), Part("image[]", b"\x89PNG", "a.png", "image/png"))
)


def test_a_form_goes_on_as_a_form_with_the_upstreams_model() -> None:
    request = {"model": "ours", "prompt": "a hill", FORM: FORMED}
    dialect = EditedPictures(ApiText, request)
    sent = parse(dialect.kind.encode(), dialect.prepare(request, "theirs", stream=False))
    assert {part.name: part.data for part in sent.parts} == {
        "image[]": b"\x89PNG", "model": b"theirs", "prompt": b"a hill", "response_format": b"b64_json",
    }  # fmt: skip
    assert dialect.original == b"\x89PNG"
    assert request["model"] == "ours"


def test_a_model_whose_name_would_break_the_form_is_refused() -> None:
    request = {"model": "ours", "prompt": "a hill", FORM: FORMED}
    with pytest.raises(Refused) as caught:
        EditedPictures(ApiText, request).prepare(request, "x\r\n--b", stream=False)
    assert caught.value.code == "request.malformed"


def test_what_is_no_form_goes_on_as_json() -> None:
    dialect = Speech(ApiText, {"input": "x"})
    assert (dialect.kind, dialect.original) == ("application/json", b"")
    assert b'"theirs"' in dialect.prepare({"model": "ours", "input": "x"}, "theirs", stream=False)
    assert dialect.trailer(stream=False) == b""


def test_models_that_answer_with_pictures_anyway_are_not_asked_to() -> None:
    made = Pictures(ApiText, {})
    assert b"response_format" not in made.prepare({"model": "x", "prompt": "p"}, "gpt-image-1", stream=False)
    assert b"b64_json" in made.prepare({"model": "x", "prompt": "p"}, "dall-e-3", stream=False)
