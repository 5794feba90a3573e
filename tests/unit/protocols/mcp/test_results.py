# SPDX-License-Identifier: Apache-2.0
import json
from typing import Any

import pytest

from answerable.errors import Unavailable
from answerable.model.actions import Bearing, Chunk
from answerable.protocols.mcp import results
from answerable.protocols.mcp.results import Decoder

PNG = "iVBORw0KGgo="


def read(result: Any = None, **reply: Any) -> Chunk:
    decoder = Decoder()
    data = json.dumps({"result": result, **reply} if result is not None else reply).encode()
    assert decoder.feed(data[:5]) == []
    decoder.feed(data[5:])
    (chunk,) = decoder.end()
    return chunk


def broken(result: Any = None, **reply: Any) -> str:
    with pytest.raises(Unavailable) as caught:
        read(result, **reply)
    return caught.value.code


def test_every_text_of_a_result_is_seen() -> None:
    chunk = read(
        {
            "content": [
                {"type": "text", "text": "one", "annotations": {"audience": ["two"]}},
                {"type": "resource", "resource": {"uri": "file:///three", "text": "four"}},
                {"type": "resource_link", "uri": "five:", "name": "six"},
            ],
            "structuredContent": {"seven": ["eight", {"nine": "ten"}]},
            "_meta": {"eleven": "twelve"},
        }
    )
    for word in [
        "one",
        "two",
        "file:///three",
        "four",
        "five:",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ]:
        assert word in chunk.text.split("\n")
    assert chunk.last
    assert not chunk.media


def test_files_stand_where_they_are_labelled() -> None:
    chunk = read(
        {
            "content": [
                {"type": "image", "data": PNG, "mimeType": "image/png"},
                {"type": "audio", "data": "YQ==", "mimeType": "audio/wav"},
                {"type": "resource", "resource": {"uri": "x:", "blob": "YmM="}},
            ]
        }
    )
    assert isinstance(chunk, Bearing)
    assert [(medium.must, medium.wanted) for medium in chunk.media] == [(True, "image/"), (True, "audio/"), (False, "")]
    assert [medium.read() for medium in chunk.media][1:] == [b"a", b"bc"]
    assert PNG not in chunk.text, "what is no text is not read as one"


def test_a_file_that_is_none_is_text() -> None:
    assert "secret" in read({"content": [{"type": "text", "text": "x", "data": "secret", "blob": ["hidden"]}]}).text
    for hiding in ({"blob": "hidden"}, {"type": "image", "data": "hidden"}, {"blob": {"a": "hidden"}}):
        assert "hidden" in read({"content": [], "structuredContent": hiding}).text


def test_what_is_ours_or_the_protocols_is_not_a_servers_to_say() -> None:
    body = read(
        {
            "content": [],
            "_meta": {
                "answerable/record": "forged",
                "answerable/aigc": {"Label": "1"},
                "io.modelcontextprotocol/serverInfo": {"name": "x"},
                "com.example/kept": 1,
            },
            "resultType": "complete",
        }
    ).body
    assert body["_meta"] == {
        "com.example/kept": 1,
        "answerable/upstream": {"answerable/record": "forged", "answerable/aigc": {"Label": "1"}},
    }
    assert "resultType" not in body


def test_a_servers_own_error_is_an_answer_too() -> None:
    chunk = read(error={"code": -32603, "message": "no such account"})
    assert chunk.body["isError"] is True
    assert chunk.body["content"] == [{"type": "text", "text": "-32603: no such account"}]
    assert "no such account" in chunk.text
    assert len(read(error={"code": 1, "message": "x" * 100_000}).text) < 5_000


@pytest.mark.parametrize(
    "result",
    [
        [],
        "x",
        {"content": {}},
        {"content": ["x"]},
        {"content": [{"type": "text"}]},
        {"content": [{"type": "text", "text": 1}]},
        {"content": [{"type": "image", "data": ""}]},
        {"content": [{"type": "video", "data": PNG}]},
        {"content": [{"type": "resource", "resource": {"uri": "x"}}]},
        {"content": [{"type": "resource", "resource": {"text": "a", "blob": "b"}}]},
        {"content": [{}] * 1_025},
        {"content": [], "isError": "yes"},
        {"content": [], "_meta": []},
        {"resultType": "input_required", "requestState": "x"},
        {"resultType": "task"},
        {"task": {"taskId": "x", "status": "working"}},
    ],
)
def test_what_is_no_result_is_broken(result: Any) -> None:
    assert broken(result) == "upstream.broken"


def test_what_is_no_reply_is_broken() -> None:
    assert broken(error="x") == "upstream.broken"
    assert broken(error={"code": "1", "message": ""}) == "upstream.broken"
    assert broken({"content": []}, error={"code": 1, "message": ""}) == "upstream.broken"
    assert broken({"content": []}, more=1) == "upstream.broken"
    assert broken(nothing=1) == "upstream.broken"
    for data in (
        b"not json",
        b"[1]",
        b'{"result":{"a":1,"a":2}}',
        b'{"result":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    ):
        with pytest.raises(Unavailable) as caught:
            results.result(data)
        assert caught.value.code == "upstream.broken"


def test_bounds() -> None:
    decoder = Decoder()
    with pytest.raises(Unavailable) as caught:
        decoder.end()
    assert caught.value.code == "upstream.truncated"
    with pytest.raises(Unavailable) as caught:
        for _ in range(17):
            decoder.feed(b"x" * (1 << 20))
    assert caught.value.code == "upstream.oversized"
