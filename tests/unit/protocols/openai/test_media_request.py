# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.errors import Refused
from answerable.protocols.multipart import Form, Part, write
from answerable.protocols.openai.media_request import EDITS, FORM, PICTURES, SPEECH, TRANSCRIPTIONS, read

KIND = b"multipart/form-data; boundary=b"
ASKED: dict[str, dict[str, Any]] = {
    PICTURES: {"model": "m", "prompt": "a hill"},
    SPEECH: {"model": "m", "input": "hello"},
    EDITS: {"model": "m", "prompt": "a hill"},
    TRANSCRIPTIONS: {"model": "m"},
}
FILE = {EDITS: Part("image", b"\x89PNG", "a.png", "image/png"), TRANSCRIPTIONS: Part("file", b"RIFF", "a.wav")}


def ask(path: str, *more: Part, **changed: Any) -> Any:
    members = {name: value for name, value in {**ASKED[path], **changed}.items() if value is not None}
    if path in FILE:
        parts = [Part(name, str(value).encode()) for name, value in members.items()]
        return read(path, write(Form("b", (*parts, *(more or (FILE[path],))))), "", KIND)
    return read(path, msgspec.json.encode(members), "", b"application/json")


@pytest.mark.parametrize("path", list(ASKED))
def test_each_is_read(path: str) -> None:
    parsed = ask(path, user="somebody")
    assert (parsed.path, parsed.model, parsed.stream, parsed.language) == (path, "m", False, "en")
    assert parsed.principal == "somebody"
    assert (FORM in parsed.request) is (path in FILE)


def test_the_language_is_that_of_the_words() -> None:
    assert ask(PICTURES, prompt="一座山").language == "zh"
    assert ask(SPEECH, input="大家早上好").language == "zh"
    assert ask(TRANSCRIPTIONS, language="zh-CN").language == "zh"


@pytest.mark.parametrize(
    ("path", "changed", "code", "param"),
    [
        *((path, {"model": None}, "request.missing", "model") for path in ASKED),
        *((path, {"model": "auto"}, "request.invalid", "model") for path in ASKED),
        (PICTURES, {"prompt": None}, "request.missing", "prompt"),
        (PICTURES, {"response_format": "url"}, "request.unsupported", "response_format"),
        (PICTURES, {"response_format": "x"}, "request.invalid", "response_format"),
        (PICTURES, {"stream": True}, "request.unsupported", "stream"),
        (PICTURES, {"n": 0}, "request.invalid", "n"),
        (EDITS, {"n": "17"}, "request.invalid", "n"),
        (EDITS, {"stream": "true"}, "request.unsupported", "stream"),
        (EDITS, {"response_format": "url"}, "request.unsupported", "response_format"),
        (SPEECH, {"input": None}, "request.missing", "input"),
        (SPEECH, {"input": "a" * 32_769}, "request.invalid", "input"),
        (SPEECH, {"stream_format": "sse"}, "request.unsupported", "stream_format"),
        (SPEECH, {"response_format": "pcm"}, "request.unsupported", "response_format"),
        (SPEECH, {"response_format": "aac"}, "request.unsupported", "response_format"),
        (SPEECH, {"response_format": ["mp3"]}, "request.invalid", "response_format"),
        (TRANSCRIPTIONS, {"stream": "true"}, "request.unsupported", "stream"),
        (TRANSCRIPTIONS, {"response_format": "pdf"}, "request.invalid", "response_format"),
    ],
)
def test_what_cannot_be_answered_with_a_label_is_refused(
    path: str, changed: dict[str, Any], code: str, param: str
) -> None:
    with pytest.raises(Refused) as caught:
        ask(path, **changed)
    assert (caught.value.code, caught.value.params["param"]) == (code, param)


@pytest.mark.parametrize("path", list(FILE))
def test_a_form_without_its_file_is_refused(path: str) -> None:
    with pytest.raises(Refused) as caught:
        ask(path, Part("other", b"x", "a.png"))
    assert caught.value.code == "request.missing"


def test_a_field_that_stands_twice_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        ask(EDITS, FILE[EDITS], Part("prompt", b"another"))
    assert (caught.value.code, caught.value.params["param"]) == ("request.invalid", "prompt")
    with pytest.raises(Refused):
        ask(EDITS, FILE[EDITS], Part("size", b"\xff"))
