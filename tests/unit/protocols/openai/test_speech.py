# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Unavailable
from answerable.formats.api_text import ApiText
from answerable.protocols.openai import answers, speech
from answerable.protocols.openai.speech import Speech


def test_a_sound_is_one_piece_that_says_what_was_asked_for() -> None:
    dialect = Speech(ApiText, {"input": "hello", "response_format": "wav"})
    decoder = dialect.decoder(stream=False)
    assert decoder.feed(b"RI") == decoder.feed(b"FF") == []
    (piece,) = decoder.end()
    assert (piece.text, piece.last) == ("hello", True)
    (medium,) = piece.media
    assert (medium.read(), medium.must, medium.wanted) == (b"RIFF", True, "audio/wav")
    medium.write(b"labelled", "audio/wav")
    assert dialect.encode(piece, stream=False) == b"labelled"
    assert dialect.answers == "audio/wav"


@pytest.mark.parametrize(
    ("form", "media"), [("mp3", "audio/mpeg"), ("opus", "audio/ogg"), ("flac", "audio/flac"), (None, "audio/mpeg")]
)
def test_each_form_has_its_type(form: str | None, media: str) -> None:
    assert Speech(ApiText, {"response_format": form} if form else {}).answers == media


def test_nothing_at_all_and_too_much_are_no_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable) as caught:
        Speech(ApiText, {}).decoder(stream=False).end()
    assert caught.value.code == "upstream.truncated"
    assert speech.MAX_ANSWER == answers.MAX_ANSWER
    monkeypatch.setattr(speech, "MAX_ANSWER", 3)
    with pytest.raises(Unavailable) as caught:
        Speech(ApiText, {}).decoder(stream=False).feed(b"1234")
    assert caught.value.code == "upstream.oversized"
