# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import struct
from base64 import b64encode

import pytest
import rfc8785

from answerable.protocols.openai.content import Call, Choice, Pieces, body, canonical, vector


def test_body_is_canonical_json_without_empty_members() -> None:
    text = 'a"\\/\x00\x1f\x7f\u2028é😀\n'
    choices = (Choice(text=text, calls=(Call(arguments="{}", id="c", name="f"), Call())), Choice(refusal="no"))
    data = body(choices)
    assert json.loads(data) == {
        "choices": [{"calls": [{"arguments": "{}", "id": "c", "name": "f"}, {}], "text": text}, {"refusal": "no"}],
        "v": 1,
    }
    assert data == rfc8785.dumps(json.loads(data))


def test_vectors_have_one_text_whichever_way_they_travelled() -> None:
    numbers = [0.1, -2.5, 3.0]
    packed = struct.pack("<3f", *numbers)
    text = b64encode(packed).decode()
    assert vector(numbers) == text
    assert vector(list(struct.unpack("<3f", packed))) == text  # as an SDK decodes it and prints it again
    assert canonical(text) == text
    assert canonical(text.rstrip("=")) == text


@pytest.mark.parametrize("bad", [[], ["x"], [1e39], [None], [[1.0]]])
def test_what_is_no_vector(bad: list[float]) -> None:
    with pytest.raises(ValueError):
        vector(bad)


@pytest.mark.parametrize("bad", ["", "!!!!", "AAAA", "AA=A"])
def test_what_is_no_vector_in_base64(bad: str) -> None:
    with pytest.raises(ValueError):
        canonical(bad)


def test_pieces_become_a_choice() -> None:
    pieces = Pieces()
    pieces.text += ["a", "b"]
    pieces.calls = {1: ["i1", "g", "{", "}"], 0: ["i0", "f"]}
    expected = (Call(id="i0", name="f"), Call(id="i1", name="g", arguments="{}"))
    assert pieces.choice() == Choice(text="ab", calls=expected)
