# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from answerable.errors import Refused
from answerable.model.terms import Act
from answerable.protocols.openai.dialects import ENDPOINTS
from answerable.protocols.openai.request import read
from tests.openai_wire import DIALECTS, carry, delta, sse, usage_only


def test_each_endpoint_has_its_dialect() -> None:
    acts = {kind.path: DIALECTS.at(kind.path).act for kind in ENDPOINTS}
    assert acts == {
        "/v1/chat/completions": Act.GENERATION,
        "/v1/completions": Act.GENERATION,
        "/v1/responses": Act.GENERATION,
        "/v1/embeddings": Act.EMBEDDING,
        "/v1/images/generations": Act.GENERATION,
        "/v1/images/edits": Act.GENERATION,
        "/v1/audio/speech": Act.GENERATION,
        "/v1/audio/transcriptions": Act.GENERATION,
    }
    with pytest.raises(Refused) as caught:
        DIALECTS.at("/v1/images")
    assert caught.value.code == "request.not_found"


@pytest.mark.parametrize(("options", "pieces"), [(None, 1), ({}, 1), ({"include_usage": True}, 2)])
def test_what_the_request_asks_for_decides_about_the_last_piece(options: object, pieces: int) -> None:
    asked = {"model": "m", "messages": [{"role": "user"}], "stream": True, "stream_options": options}
    dialect = DIALECTS.of(read("/v1/chat/completions", json.dumps(asked).encode()))
    sent = carry(dialect, [sse(delta("a", finish="stop"), usage_only())], stream=True)
    assert len(sent.chunks) == pieces
