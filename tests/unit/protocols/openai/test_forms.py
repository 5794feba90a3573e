# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from answerable.errors import Unavailable
from answerable.protocols.openai import choices, forms
from answerable.protocols.openai.forms import Repeat, learn, text_of, texts_of
from answerable.protocols.openai.plain import plain
from answerable.protocols.openai.voices import CHUNK, COMPLETION
from tests.openai_wire import DIALECTS, carry, delta, sse

CHAT = DIALECTS.at("/v1/chat/completions")
TEXTS = ["", "Hello", " world", "\n", "你好", '"', "\\n", "😀", "Hello", "é", " end", "\x7f", "assistant", "stop"]


def reads(texts: list[str]) -> list[bytes]:
    return [
        *(sse(delta(text), done=False) for text in texts),
        sse(delta(finish="stop")),
    ]


def long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "_CREDIT", 0)


@pytest.mark.parametrize("joined", [False, True])
def test_the_short_way_sends_what_the_long_way_sends(monkeypatch: pytest.MonkeyPatch, joined: bool) -> None:
    raw = [b"".join(reads(TEXTS))] if joined else reads(TEXTS)
    short = carry(CHAT, raw, stream=True)
    repeats = [chunk for chunk in short.chunks if type(chunk) is Repeat]
    assert sum(len(chunk.raws) for chunk in repeats) >= 7
    assert len(repeats) == 1 or not joined, "what comes together is watched, labelled and sent together"
    long_way(monkeypatch)
    long = carry(CHAT, raw, stream=True)
    assert not any(type(chunk) is Repeat for chunk in long.chunks)
    assert short.data == long.data
    assert short.transcript.body() == long.transcript.body()
    assert short.seen == long.seen == "".join(TEXTS)
    assert short.bodies == long.bodies


def test_a_body_that_was_asked_for_and_changed_is_what_is_sent() -> None:
    decoder = CHAT.decoder(stream=True)
    decoder.feed(sse(delta("one"), done=False))
    (chunk,) = decoder.feed(sse(delta("two"), done=False))
    assert type(chunk) is Repeat
    chunk.body["choices"][0]["delta"]["content"] = "changed"
    CHAT.stamp(chunk, "r", "m")
    assert json.loads(CHAT.encode(chunk, stream=True)[6:])["id"] == "chatcmpl-r"
    assert b"changed" in CHAT.encode(chunk, stream=True)
    with pytest.raises(AttributeError):
        _ = chunk.nothing


def test_a_body_that_is_asked_for_after_stamping_is_stamped() -> None:
    decoder = CHAT.decoder(stream=True)
    decoder.feed(sse(delta("one"), done=False))
    (chunk,) = decoder.feed(sse(delta("two"), done=False))
    CHAT.stamp(chunk, "r", "m")
    assert (chunk.body["id"], chunk.body["model"]) == ("chatcmpl-r", "m")
    assert chunk.body["choices"][0]["delta"]["content"] == "two"


@pytest.mark.parametrize(
    "data",
    [
        b'{"choices":[{"index":0,"delta":{"content":"x"}}],"model":"x"}',  # which of the two?
        b'{"choices":[{"index":0,"delta":{"content":"\\u0078"}}]}',  # escaped
        b'{"choices":[{"index":0,"delta":{"content":""}}]}',
        b'{"choices":[{"index":0,"delta":{"content":"x"}}],"answerable":{}}',
        b'{"choices":[{"index":0,"delta":{"content":"x","content":"y"}}]}',
        b'{"choices":[{"index":0,"delta":{"content":"y"}}],"m":"answerable:0:probe"}',
        b'{"system_fingerprint":"\\u0061nswerable:0:probe","choices":[{"index":0,"delta":{"content":"x"}}]}',
    ],
)
def test_no_form_is_learnt_from_what_is_not_certain(data: bytes) -> None:
    body = json.loads(data)
    piece = plain(body, CHUNK)
    form = learn(data, piece) if piece is not None and piece.text else None
    if form is not None:  # the last of two equal members is the one that counts
        assert json.loads(form.head + b"new" + form.tail) == {"choices": [{"index": 0, "delta": {"content": "new"}}]}
    else:
        assert body["choices"][0]["delta"]["content"] in ("", "x", "y")


def test_a_form_of_a_text_completion() -> None:
    data = b'{"choices":[{"text":"be","index":0}]}'
    piece = plain(json.loads(data), COMPLETION)
    assert piece is not None
    form = learn(data, piece)
    assert form is not None
    assert form.head + b"|" + form.tail == b'{"choices":[{"text":"|","index":0}]}'


def test_bytes_that_are_not_utf8_are_broken_on_the_short_way_too() -> None:
    decoder = CHAT.decoder(stream=True)
    decoder.feed(sse(delta("one"), done=False))
    assert type(decoder.feed(sse(delta("two"), done=False))[0]) is Repeat
    with pytest.raises(Unavailable):
        decoder.feed(sse(delta("xyz"), done=False).replace(b"xyz", b"\xff"))


def test_a_text_that_closes_its_quotes_takes_the_long_way() -> None:
    decoder = CHAT.decoder(stream=True)
    decoder.feed(sse(delta("one"), done=False))
    injected = sse(delta("two"), done=False).replace(b"two", b'two","tool_calls":[],"x":"')
    (chunk,) = decoder.feed(injected)
    assert type(chunk) is not Repeat
    assert chunk.text == "two"


def test_a_stream_that_changes_all_the_time_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    learnt = []
    monkeypatch.setattr(choices, "learn", lambda *a: learnt.append(1) or forms.learn(*a))
    events = [{**delta(f"t{n}"), "obfuscation": "x" * (n % 7) + str(n)} for n in range(100)]
    carry(CHAT, [sse(*events, delta(finish="stop"))], stream=True)
    assert len(learnt) <= choices._CREDIT // choices._COST


@pytest.mark.parametrize(
    "raws",
    [
        [b"plain", b"texts", " 你好".encode()],
        [b"a\\n", b'\\"b\\"', b"\\u00e9"],
        [b"one"],
    ],
)
def test_texts_that_came_together_say_what_they_say_one_by_one(raws: list[bytes]) -> None:
    assert texts_of(raws) == "".join(text_of(b'"%b"' % raw) for raw in raws)


@pytest.mark.parametrize(
    "raws",
    [
        [b'x","y', b"a\\", b"b"],  # together they would be three texts in a list again, of other events
        [b'x","y', b"z"],
        [b"a\\", b"b"],
        ["é".encode()[:1], "é".encode()[1:]],  # half a character in each
        [b"a\nb", b"c"],
        [b'"', b""],
    ],
)
def test_what_is_not_one_string_each_is_no_text(raws: list[bytes]) -> None:
    with pytest.raises(ValueError):
        texts_of(raws)


def test_one_bad_event_among_many_that_came_together_ends_the_answer_where_it_stands() -> None:
    event = sse(delta("word"), done=False)
    bad = event.replace(b"word", b'x","role":"system')
    worse = event.replace(b"word", b"\xff")
    chunks = CHAT.decoder(stream=True).feed(event * 20 + bad + event * 20)
    assert "".join(chunk.text for chunk in chunks) == "word" * 20 + "x" + "word" * 20
    with pytest.raises(Unavailable):
        CHAT.decoder(stream=True).feed(event * 20 + worse + event * 20)


def test_no_other_member_is_taken_for_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"system_fingerprint": "PROBE", **delta("word")}
    raw = [sse(event, done=False).replace(b"PROBE", b"\\u0061nswerable:0:probe")] * 4 + [sse(delta(finish="stop"))]
    short = carry(CHAT, raw, stream=True)
    long_way(monkeypatch)
    assert short.bodies == carry(CHAT, raw, stream=True).bodies
    assert [body["choices"][0]["delta"].get("content") for body in short.bodies][1:4] == ["word"] * 3


def test_detectors_hear_of_an_empty_piece_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = [sse(event, done=False) for event in (delta("a"), delta(reasoning_content="b"), delta(""))]
    raw.append(sse(delta(finish="stop")))
    short = carry(CHAT, raw, stream=True)
    long_way(monkeypatch)
    assert short.seen == carry(CHAT, raw, stream=True).seen


def test_pieces_that_travel_together_are_counted_one_by_one() -> None:
    decoder = CHAT.decoder(stream=True)
    (first,) = decoder.feed(sse(delta("one"), done=False))
    (rest,) = decoder.feed(b"".join(sse(delta(text), done=False) for text in ("two", "", "three", "four")))
    assert (first.pieces, rest.pieces) == (1, 3)
