# SPDX-License-Identifier: Apache-2.0
"""Bytes from callers and upstreams, whatever they are: our errors alone, and the same result however they are cut."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import Refused, Unavailable
from answerable.protocols.openai import choices
from answerable.protocols.openai.dialects import ENDPOINTS
from answerable.protocols.openai.request import read
from answerable.protocols.sse import Event, Reader
from tests.openai_wire import DIALECTS, carry, delta, sse, usage_only

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "id",
        "model",
        "object",
        "choices",
        "index",
        "delta",
        "message",
        "content",
        "text",
        "refusal",
        "tool_calls",
        "function",
        "function_call",
        "arguments",
        "name",
        "custom",
        "input",
        "finish_reason",
        "usage",
        "prompt_tokens",
        "completion_tokens",
        "type",
        "response",
        "output",
        "item",
        "part",
        "output_index",
        "content_index",
        "summary_index",
        "summary",
        "annotations",
        "annotation",
        "data",
        "embedding",
        "error",
        "answerable",
        "item_id",
        "role",
    ]
)
TYPES = st.sampled_from(
    [
        "message",
        "output_text",
        "refusal",
        "function_call",
        "reasoning",
        "response.created",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.added",
        "response.output_item.done",
        "response.completed",
        "error",
    ]
)
SHAPED = st.recursive(
    JSON | TYPES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)
OBJECTS = st.dictionaries(KEYS, SHAPED, max_size=7)
PATHS = st.sampled_from([kind.path for kind in ENDPOINTS])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` in pieces."""
    marks = sorted({place % (len(data) + 1) for place in places})
    return [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]


def reference(text: bytes) -> list[Event]:
    """Server-sent events by the letter of the standard, line by line."""
    text = text.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events, name, lines = [], b"", []
    for line in text.split(b"\n")[:-1]:
        if not line:
            if lines:
                events.append((name, b"\n".join(lines)))
            name, lines = b"", []
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            lines.append(value)
        elif field == b"event":
            name = value
    return events


@given(
    st.lists(
        st.sampled_from(
            [b"data: a", b"data", b"data:  b", b"event: x", b": c", b"", b"\n", b"\r", b"\r\n", b"\xef\xbb\xbf"]
        )
    ),
    st.lists(st.integers(0, 500), max_size=6),
)
def test_sse_is_read_as_the_standard_says_however_it_is_cut(parts: list[bytes], places: list[int]) -> None:
    data = b"".join(parts)
    reader = Reader()
    got = [event for piece in cut(data, places) for event in reader.feed(piece)]
    assert got == reference(data)


@given(PATHS, st.binary(max_size=200) | OBJECTS.map(lambda value: json.dumps(value).encode()), st.text(max_size=20))
@settings(max_examples=300)
def test_requests(path: str, body: bytes, accept: str) -> None:
    with suppress(Refused):
        parsed = read(path, body, accept)
        json.loads(DIALECTS.of(parsed).prepare(parsed.request, "m", stream=parsed.stream))


@given(PATHS, st.booleans(), st.lists(OBJECTS, max_size=4), st.booleans(), st.lists(st.integers(0, 3000), max_size=3))
@settings(max_examples=500, deadline=None)
def test_answers_of_any_shape_are_carried_or_unavailable(
    path: str, stream: bool, values: list[dict[str, Any]], done: bool, places: list[int]
) -> None:
    raw = (
        sse(*(v for v in values if isinstance(v.get("type", ""), str)), done=done)
        if stream
        else json.dumps(values[:1]).encode()[1:-1]
    )
    with suppress(Unavailable):
        sent = carry(DIALECTS.at(path), cut(raw.replace(b"\r", b""), places), stream=stream)
        sent.transcript.body()
        sent.transcript.texts()


@given(PATHS, st.booleans(), st.binary(max_size=300))
def test_answers_of_any_bytes(path: str, stream: bool, data: bytes) -> None:
    with suppress(Unavailable):
        carry(DIALECTS.at(path), [data], stream=stream)


@given(st.lists(TEXTS, min_size=1, max_size=12), st.lists(st.integers(0, 9000), max_size=5), st.booleans())
def test_a_stream_is_the_same_however_it_is_cut_and_says_what_was_said(
    texts: list[str], places: list[int], usage_wanted: bool
) -> None:
    raw = sse(*map(delta, texts), delta(finish="stop"), usage_only())
    dialect = DIALECTS.at("/v1/chat/completions", usage_wanted=usage_wanted)
    whole = carry(dialect, [raw], stream=True)
    pieces = carry(dialect, cut(raw, places), stream=True)
    assert pieces.data == whole.data
    assert pieces.transcript.body() == whole.transcript.body()
    assert whole.seen == "".join(texts)
    said = json.loads(whole.transcript.body())["choices"][0].get("text", "")
    assert said in ("".join(texts), "AI-generated\n\n" + "".join(texts))


# Pieces of a stream: alike in their form as a server's are, and like enough to be taken for that by who looks badly.
SAID = st.sampled_from(
    ["word", "", '"', "\\", "\r\n", "你好", "😀", "answerable:0:probe", '","x":"', "AI-generated\n\n"]
)
PIECES = st.builds(
    lambda text, index, more, finish, ascii_only, twist: (
        b"data: "
        + json.dumps({**twist, **delta(text, index=index, finish=finish, **more)}, ensure_ascii=ascii_only)
        .replace("PROBE", "\\u0061nswerable:0:probe")
        .encode()
        + b"\n\n"
    ),
    SAID,
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([{}, {}, {}, {"role": "assistant"}, {"refusal": None}, {"refusal": "no"}, {"reasoning": "so"}]),
    st.sampled_from([None, None, None, None, None, "stop"]),
    st.booleans(),
    st.sampled_from([{}, {}, {}, {"system_fingerprint": "PROBE"}, {"answerable": {"AIGC": {}}}, {"usage": None}]),
)
ENDS = b"".join(sse(delta(index=index, finish="stop"), done=False) for index in (0, 1)) + b"data: [DONE]\n\n"


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=12), st.lists(st.integers(1, 600), max_size=6), st.booleans())
def test_the_short_way_of_a_stream_says_what_the_long_way_says(
    pieces: list[bytes], cuts: list[int], more: bool
) -> None:
    raw = b"".join([*pieces * 2, ENDS, *pieces[:1] * more])
    reads, at = [], 0
    for cut in [*cuts, len(raw)]:
        reads.append(raw[at : at + cut])
        at += cut
    if not cuts:
        reads = [event + b"\n\n" for event in raw.split(b"\n\n")[:-1]]

    def way(credit: int) -> object:
        with patch.object(choices, "_CREDIT", credit):
            try:
                sent = carry(DIALECTS.at("/v1/chat/completions"), reads, stream=True)
            except Unavailable as error:
                return error.code
        return sent.bodies, sent.transcript.body(), sent.seen, sum(chunk.pieces for chunk in sent.chunks if chunk.text)

    assert way(choices._CREDIT) == way(0)
