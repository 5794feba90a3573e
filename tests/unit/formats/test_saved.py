# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from answerable.errors import VerificationError
from answerable.formats import saved
from answerable.formats.saved import read, record_id
from answerable.model.labels import Reading
from tests.openai_wire import OTHER_RID, RID, capture, completion, delta, sse, through


def test_record_ids() -> None:
    for form in (RID, f"chatcmpl-{RID}", f"cmpl-{RID}", f"resp_{RID}", f" {RID}\n"):
        assert record_id(form) == RID
    for other in ("", "chatcmpl-abc", RID + "a", RID.upper(), f"x-{RID}"):
        assert record_id(other) == ""


def test_nothing_but_a_record_id() -> None:
    got = read(f"chatcmpl-{RID}\n".encode())
    assert (got.form, got.record, got.content, got.texts) == ("record", RID, b"", ())


@pytest.mark.parametrize("name", ["chat", "completions", "responses"])
@pytest.mark.parametrize("stream", [False, True])
def test_what_curl_saves(name: str, stream: bool) -> None:
    sent = through(name, capture(name, stream=stream), stream=stream)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: x\r\nX-Answerable-Record: " + RID.encode() + b"\r\n\r\n"
    for data in (
        sent.data,
        head + sent.data,
        b"\xef\xbb\xbf" + sent.data,
        b"HTTP/1.1 100 Continue\r\n\r\n" + head + sent.data,
    ):
        got = read(data)
        assert (got.record, got.content, got.texts) == (RID, sent.transcript.body(), sent.transcript.texts())
        assert got.form == ("stream" if stream else "answer")
        assert got.label.verdict is Reading.LABELLED
        assert got.label.explicit == "AI-generated"


def test_embeddings() -> None:
    raw = {"object": "list", "data": [{"embedding": [0.25]}], "model": "m"}
    sent = through("embeddings", json.dumps(raw).encode(), stream=False)
    got = read(sent.data)
    assert (got.record, got.content, got.texts) == (RID, sent.transcript.body(), ())


def test_a_changed_character_changes_the_content_and_a_changed_id_is_inconsistent() -> None:
    sent = through("chat", json.dumps(completion("hello")).encode(), stream=False)
    changed = read(sent.data.replace(b"hello", b"hallo"))
    assert changed.record == RID
    assert changed.content != sent.transcript.body()
    moved = read(sent.data.replace(f"chatcmpl-{RID}".encode(), f"chatcmpl-{OTHER_RID}".encode()))
    assert moved.record == OTHER_RID
    assert moved.label.verdict is Reading.INCONSISTENT


def test_labels_that_differ_between_first_and_last_piece() -> None:
    sent = through("chat", sse(delta("a"), delta(finish="stop")), stream=True)
    first, rest = sent.data.split(b"\n\n", 1)
    got = read(first.replace(b'"Label":"1"', b'"Label":"2"') + b"\n\n" + rest)
    assert "aigc_differ" in got.label.problems


def test_a_malformed_aigc_object_is_named() -> None:
    sent = through("chat", json.dumps(completion("a")).encode(), stream=False)
    body = json.loads(sent.data)
    body["answerable"]["AIGC"] = {"Label": []}
    assert "aigc_malformed" in read(json.dumps(body).encode()).label.problems


def test_a_capture_that_was_cut_has_what_was_sent() -> None:
    sent = through("chat", sse(delta("one "), delta("two"), delta(finish="stop")), stream=True)
    cut = b"\n\n".join(sent.data.split(b"\n\n")[:2])
    got = read(cut)
    assert got.texts == ("one two",)
    assert got.record == RID


def test_plain_text() -> None:
    got = read("AI生成\r\n\r\n你好\n".encode())
    assert (got.form, got.record, got.texts, got.label.explicit) == ("text", "", ("你好",), "AI生成")
    assert got.label.verdict is Reading.LABELLED
    assert read(b"hello").label.verdict is Reading.NOT_LABELLED
    assert read(b"").texts == ()


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1}',
        b"[1,2]",
        b"{",
        b'{"object":"chat.completion"}',
        b'{"object":"chat.completion","choices":[7]}',
        b'{"object":"list","data":[{"embedding":[]}]}',
        b"data: nonsense\n\n",
        b"data: [1]\n\n",
        b'{"type":"response.created"}\n{"type":7}',
        b"[" * 100_000,
        b'{"object":"chat.completion.chunk","choices":{}}',
    ],
)
def test_what_is_no_answer_is_text(data: bytes) -> None:
    got = read(data)
    assert (got.form, got.record) == ("text", "")


@pytest.mark.parametrize(
    "data",
    [
        b'{"id":"chatcmpl-%s","object":"chat.completion","choices":[{]}',
        b'{"id":"chatcmpl-%s","object":"chat.completion","choices":7}',
        b'{"id":"resp_%s","object":"responze"}',
        b'{"object":"list","data":[{}],"answerable":{"record": "%s"}}',
        b'data: {"id":"cmpl-%s",\n\n',
    ],
)
def test_an_answer_that_was_broken_is_not_taken_for_one_that_nobody_recorded(data: bytes) -> None:
    whole = data.replace(b"%s", RID.encode())
    got = read(whole)
    assert (got.form, got.record, got.content, got.texts) == ("answer", RID, whole, ())
    two = read(whole + b'"chatcmpl-%s"' % OTHER_RID.encode())
    assert two.label.verdict is Reading.INCONSISTENT


def test_prose_that_names_a_record_is_prose() -> None:
    assert read(b'It says "chatcmpl-%s".' % RID.encode()).record == ""


def test_the_error_of_a_refusal_names_its_record() -> None:
    got = read(b'{"error":{"code":"x","answerable":{"record":"%s"}}}' % RID.encode())
    assert (got.form, got.record) == ("record", RID)
    assert read(b'{"error":{"code":"x"}}').form == "text"


def test_bytes_that_are_no_text_and_too_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    got = read(b"\x89PNG\xff")
    assert (got.form, got.label.verdict) == ("unreadable", Reading.UNCHECKED)
    monkeypatch.setattr(saved, "MAX_ANSWER", 3)
    with pytest.raises(VerificationError) as caught:
        read(b"1234")
    assert caught.value.code == "label.oversized"
