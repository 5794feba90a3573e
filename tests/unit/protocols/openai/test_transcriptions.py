# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.errors import Unavailable
from answerable.formats.api_text import ApiText
from answerable.marks.aigc import generated
from answerable.model.labels import Label, Place
from answerable.protocols.openai import transcriptions
from answerable.protocols.openai.transcriptions import Transcriptions

RID = "a" * 32
SRT = "1\n00:00:00,000 --> 00:00:01,000\nhello\n"
VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nhello\n"


def label(place: Place = Place.TEXT) -> Label:
    return Label("AI-generated", place, generated("001191110000MA0000001X10000", RID), RID, "s", "p", "en")


def carried(form: str, said: bytes, place: Place = Place.TEXT) -> bytes:
    dialect = Transcriptions(ApiText, {"response_format": form})
    decoder = dialect.decoder(stream=False)
    chunks = [*decoder.feed(said), *decoder.end()]
    writer = dialect.label_format(stream=False).writer(label(place))
    return b"".join(dialect.encode(writer.feed(chunk), stream=False) for chunk in chunks)


@pytest.mark.parametrize(
    ("form", "said", "labelled"),
    [
        ("text", "hello", "AI-generated\n\nhello"),
        ("srt", SRT, "0\n00:00:00,000 --> 00:00:02,000\nAI-generated\n\n" + SRT),
        ("vtt", VTT, "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nAI-generated\n\n" + VTT.partition("\n\n")[2]),
        ("vtt", "WEBVTT", "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nAI-generated\n\n"),
    ],
)
def test_words_stand_before_the_text(form: str, said: str, labelled: str) -> None:
    assert carried(form, said.encode()).decode() == labelled
    assert carried(form, said.encode(), Place.FIELD).decode() == said, "a machine reads what was heard"


def test_in_json_they_stand_in_the_text_and_beside_it() -> None:
    said = msgspec.json.encode({"text": "hello", "segments": [{"text": "hello"}]})
    answer = msgspec.json.decode(carried("verbose_json", said))
    assert answer["text"] == "AI-generated\n\nhello"
    assert answer["segments"] == [{"text": "hello"}]
    assert answer["answerable"]["record"] == RID


def test_segments_and_texts_are_watched_and_kept() -> None:
    piece = transcriptions.whole({"text": "hello", "segments": [{"text": "secret"}]})
    assert "secret" in piece.text
    transcript = Transcriptions(ApiText, {}).content()
    transcript.add(piece)
    assert msgspec.json.decode(transcript.body())["choices"] == [{"text": "hello"}]
    assert transcript.texts() == ("hello",)


@pytest.mark.parametrize(
    ("spent", "counted"),
    [
        ({"type": "tokens", "input_tokens": 3, "output_tokens": 4, "total_tokens": 7}, (3, 4)),
        ({"type": "duration", "seconds": 3}, None),
        (None, None),
    ],
)
def test_tokens_are_counted_where_they_are_told(spent: Any, counted: tuple[int, int] | None) -> None:
    assert transcriptions.whole({"text": "hello", "usage": spent}).usage == counted


@pytest.mark.parametrize(
    ("form", "said"), [("json", b"{}"), ("json", b'{"text":1}'), ("text", b"\xff"), ("vtt", b"<html>")]
)
def test_anything_else_is_no_answer(form: str, said: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        carried(form, said)
    assert caught.value.code == "upstream.broken"


def test_too_much_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcriptions, "MAX_ANSWER", 3)
    with pytest.raises(Unavailable) as caught:
        carried("text", b"hello")
    assert caught.value.code == "upstream.oversized"
