# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import msgspec
import openai
import pytest

from answerable.formats.api_text import ApiText, extension
from answerable.model.actions import Chunk
from answerable.model.labels import Place, Reading, WordsMark
from answerable.protocols.openai.marker import Silent
from answerable.protocols.openai.request import read
from tests.openai_wire import (
    DIALECTS,
    PROVIDER,
    RID,
    Sent,
    capture,
    carry,
    completion,
    delta,
    label,
    sse,
    through,
)

MESSAGES = [{"role": "user", "content": "hi"}]
NAMES = {"/v1/chat/completions": "chat", "/v1/completions": "completions", "/v1/responses": "responses"}


class Client:
    """The unmodified SDK over our dialects; the upstream's side are captures of a real server."""

    def __init__(self) -> None:
        self.sent: Sent | None = None
        http = httpx2.Client(transport=httpx2.MockTransport(self._answer))
        self.sdk = openai.OpenAI(base_url="http://gateway/v1", api_key="ans_x", http_client=http)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        parsed = read(request.url.path, request.content)
        raw = capture(NAMES[parsed.path], stream=parsed.stream)
        reads = [raw[start : start + 41] for start in range(0, len(raw), 41)]
        self.sent = carry(DIALECTS.of(parsed), reads, stream=parsed.stream)
        kind = "text/event-stream" if parsed.stream else "application/json"
        return httpx2.Response(200, content=self.sent.data, headers={"content-type": kind})

    def same(self, data: str | bytes) -> bool:
        """Whether what was kept has the content that was committed to, and names the record."""
        from answerable.formats.saved import read as read_saved

        assert self.sent is not None
        saved = read_saved(data.encode() if isinstance(data, str) else data)
        assert saved.label.verdict is Reading.LABELLED
        return (saved.record, saved.content) == (RID, self.sent.transcript.body())


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.sdk.close()


def test_the_sdk_reads_chats(client: Client) -> None:
    answer = client.sdk.chat.completions.create(model="auto", messages=MESSAGES)
    assert (answer.id, answer.model) == (f"chatcmpl-{RID}", "auto")
    assert answer.choices[0].message.content.startswith("AI-generated\n\n")
    assert client.same(answer.model_dump_json())
    for usage in (False, True):
        options = {"include_usage": True} if usage else openai.omit
        pieces = list(
            client.sdk.chat.completions.create(model="auto", messages=MESSAGES, stream=True, stream_options=options)
        )
        assert bool(pieces[-1].usage) is usage
        assert pieces[0].answerable["record"] == pieces[-1].answerable["record"] == RID
        assert client.same("\n".join(piece.model_dump_json() for piece in pieces))
    with client.sdk.chat.completions.stream(model="auto", messages=MESSAGES) as stream:
        final = stream.get_final_completion()
    assert client.same(final.model_dump_json())


def test_the_sdk_reads_completions(client: Client) -> None:
    assert client.same(client.sdk.completions.create(model="auto", prompt="x").model_dump_json(indent=2))
    pieces = list(client.sdk.completions.create(model="auto", prompt="x", stream=True))
    assert client.same(json.dumps([piece.model_dump() for piece in pieces]))


def test_the_sdk_reads_responses(client: Client) -> None:
    answer = client.sdk.responses.create(model="auto", input="x")
    assert answer.output_text.startswith("AI-generated\n\n")
    assert client.same(answer.model_dump_json())
    events = list(client.sdk.responses.create(model="auto", input="x", stream=True))
    assert events[-1].type == "response.completed"
    assert client.same("\n".join(event.model_dump_json() for event in events))
    with client.sdk.responses.stream(model="auto", input="x") as stream:
        final = stream.get_final_response()
    assert final.id == f"resp_{RID}"
    assert client.same(final.model_dump_json())


def test_words_in_a_field_leave_the_text_alone() -> None:
    mark = label("AI生成", Place.FIELD)
    sent = through("chat", json.dumps(completion('{"a":1}')).encode(), stream=False, mark=mark)
    (body,) = sent.bodies
    assert body["choices"][0]["message"]["content"] == '{"a":1}'
    assert (body["answerable"]["explicit"], body["answerable"]["place"]) == ("AI生成", "field")


def test_a_stream_that_is_cut_is_labelled_already() -> None:
    decoder = DIALECTS.at("/v1/chat/completions").decoder(stream=True)
    writer = DIALECTS.at("/v1/chat/completions").label_format(stream=True).writer(label())
    (piece,) = decoder.feed(sse(delta("hel"), done=False))
    body = msgspec.to_builtins(writer.feed(piece).body)
    assert body["choices"][0]["delta"]["content"] == "AI-generated\n\nhel"
    assert body["answerable"]["AIGC"]["ProduceID"] == RID


def test_what_an_upstream_says_under_our_name_is_not_our_word() -> None:
    lie = {"record": "z" * 32}
    events = [
        {**delta("a"), "answerable": lie},
        {**delta("b"), "answerable": lie},
        {**delta(finish="stop"), "answerable": lie},
    ]
    sent = through("chat", sse(*events), stream=True)
    assert [body.get("answerable", {}).get("record") for body in sent.bodies] == [RID, None, RID]
    assert sent.bodies[0]["answerable"]["upstream"] == lie


def test_the_extension_member() -> None:
    member = msgspec.to_builtins(extension(label()))
    assert list(member) == ["record", "explicit", "place", "AIGC"]
    assert member["AIGC"]["ContentProducer"] == PROVIDER
    assert list(extension(label(""))) == ["record", "AIGC"]
    marked = extension(msgspec.structs.replace(label(), words=WordsMark.MARKED))
    assert (list(marked)[3], marked["watermark"]) == ("watermark", "marked")


def test_a_writer_over_anything_that_has_places() -> None:
    format = ApiText("x", Silent)
    assert format.name == "api-text:x"
    piece = format.writer(label()).feed(Chunk({}, last=True))
    assert piece.body["answerable"]["record"] == RID
    sent = msgspec.json.encode({**completion("AI-generated\n\na"), **piece.body})
    assert format.read(sent).verdict is Reading.LABELLED
