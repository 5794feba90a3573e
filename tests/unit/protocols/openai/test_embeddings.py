# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import struct
from base64 import b64encode

import pytest
from openai.types import CreateEmbeddingResponse

from answerable.errors import Unavailable
from answerable.model.terms import Act
from answerable.protocols.openai.embeddings import Vectors, whole
from tests.openai_wire import DIALECTS, RID, through

EMBEDDINGS = DIALECTS.at("/v1/embeddings")


def answer(*vectors: object) -> dict[str, object]:
    data = [{"object": "embedding", "index": i, "embedding": vector} for i, vector in enumerate(vectors)]
    return {"object": "list", "data": data, "model": "up", "usage": {"prompt_tokens": 4, "total_tokens": 4}}


def test_the_record_stands_in_the_extension_and_the_vectors_stay() -> None:
    sent = through("embeddings", json.dumps(answer([0.5, -1.25])).encode(), stream=False)
    got = json.loads(sent.data)
    assert got["answerable"]["record"] == RID
    assert got["data"][0]["embedding"] == [0.5, -1.25]
    assert got["model"] == "auto"
    assert "id" not in got
    assert sent.chunks[0].usage == (4, 0)
    assert sent.seen == ""
    CreateEmbeddingResponse.model_validate(got)


def test_numbers_and_base64_have_the_same_content() -> None:
    numbers = [0.1, 0.2]
    text = b64encode(struct.pack("<2f", *numbers)).decode()
    bodies = []
    for form in (numbers, text):
        vectors = Vectors()
        vectors.add(whole(answer(form)))
        bodies.append(vectors.body())
        assert vectors.texts() == ()
    assert bodies[0] == bodies[1] != b""
    assert Vectors().body() == b""


@pytest.mark.parametrize("bad", [{}, {"data": 1}, answer(), answer(1), answer("!!"), answer(["x"]), {"data": [1]}])
def test_other_shapes_are_broken(bad: dict[str, object]) -> None:
    with pytest.raises(Unavailable):
        Vectors().add(whole(bad))


def test_act_and_prepare() -> None:
    assert EMBEDDINGS.act is Act.EMBEDDING
    assert json.loads(EMBEDDINGS.prepare({"input": "x", "model": "a"}, "w", stream=False)) == {
        "input": "x",
        "model": "w",
    }
    assert EMBEDDINGS.trailer(stream=False) == b""
