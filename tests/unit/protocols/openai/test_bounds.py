# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from answerable.errors import Refused
from answerable.protocols.openai import bounds
from answerable.protocols.openai.bounds import MAX_DEPTH, MAX_MEMBERS, load


def code(body: bytes) -> str:
    with pytest.raises(Refused) as caught:
        load(body)
    return caught.value.code


def test_an_object_is_loaded() -> None:
    assert load(b'{"a":[1,{"b":"\xe4\xbd\xa0"}]}') == {"a": [1, {"b": "你"}]}


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b'{"a":"\xff"}', b'{"a":1}{', b'{"a":1e999}', b"\x00"])
def test_what_is_not_one_object_in_utf8(body: bytes) -> None:
    assert code(body) == "request.malformed"


def test_depth() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' * levels + b"1" + b"}" * levels

    assert load(nested(MAX_DEPTH))
    assert code(nested(MAX_DEPTH + 1)) == "request.too_complex"
    assert code(b'{"a":' + b"[" * 200_000) == "request.too_complex"


def test_a_million_keys_are_refused_with_and_without_spaces() -> None:
    for separator in (":", " : "):
        body = "{" + ",".join(f'"{n}"{separator}1' for n in range(1_000_000)) + "}"
        assert code(body.encode()) == "request.too_complex"


def test_json_quoted_in_a_text_counts_for_nothing() -> None:
    quoted = json.dumps({"a": json.dumps({str(n): n for n in range(MAX_MEMBERS * 2)})}, separators=(",", ":"))
    assert load(quoted.encode())


def test_lists_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_ELEMENTS", 10)
    assert code(b'{"a":[[1,2,3,4,5],[1,2,3,4,5]]}') == "request.too_complex"
    monkeypatch.setattr(bounds, "MAX_BODY", 10)
    assert code(b'{"a":12345678}') == "request.too_large"
