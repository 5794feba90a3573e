# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.errors import Unavailable
from answerable.formats.api_text import ApiText
from answerable.model.actions import Chunk
from answerable.model.media import LabelledMedium
from answerable.protocols.openai.pictures import Pictures, whole

FILE = LabelledMedium(data=b"12345", media="image/png", aigc="{}", before=b"b" * 32, digest=b"d" * 32, layers=("aigc",))


def answer(*entries: Any, **more: Any) -> dict[str, Any]:
    return {"created": 1, "data": list(entries), **more}


def test_each_picture_must_be_labelled() -> None:
    piece = whole(answer({"b64_json": "aGk="}, {"url": "data:image/png;base64,aGk=", "b64_json": None}))
    assert [medium.read() for medium in piece.media] == [b"hi", b"hi"]
    assert all(medium.must and medium.wanted == "image/" for medium in piece.media)


def test_what_stands_beside_the_pictures_is_watched_and_labelled() -> None:
    piece = whole(answer({"b64_json": "aGk=", "revised_prompt": "a hill", "note": "secret"}, preview="A" * 300))
    assert "a hill" in piece.text
    assert "secret" in piece.text
    assert len(piece.media) == 2
    assert not piece.media[1].must
    usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    assert whole(answer({"b64_json": "aGk="}, usage=usage)).usage == (3, 4)


@pytest.mark.parametrize(
    "said",
    [
        {},
        answer(),
        answer("aGk="),
        answer({"url": "https://elsewhere.example/a.png"}),
        answer({"b64_json": "aGk=", "url": "https://elsewhere.example/a.png"}),
        answer({"b64_json": ""}),
        answer({"b64_json": "aGk=", "revised_prompt": 7}),
        answer(*[{"b64_json": "aGk="}] * 17),
    ],
)
def test_anything_else_is_no_answer(said: dict[str, Any]) -> None:
    with pytest.raises(Unavailable) as caught:
        whole(said)
    assert caught.value.code == "upstream.broken"


def test_what_is_kept_are_the_prompts_and_the_files() -> None:
    transcript = Pictures(ApiText, {}).content()
    assert transcript.body() == b""
    transcript.add(Chunk(answer({"b64_json": "aGk=", "revised_prompt": "a hill"}, {"b64_json": "aGk="})))
    body = msgspec.json.decode(transcript.body((FILE,)))
    assert body["choices"] == [{"text": "a hill"}]
    assert body["files"][0]["digest"] == (b"d" * 32).hex()
    assert body["files"][0]["size"] == 5
    assert "files" not in msgspec.json.decode(transcript.body())
    assert transcript.texts() == ("a hill",)
