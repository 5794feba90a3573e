# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from io import BytesIO

import pytest

from answerable.errors import VerificationError
from answerable.labels import Labeller, label
from answerable.labels.reading import Trust
from answerable.labels.rules import seen
from answerable.labels.rules.subject import Subject, medium_of
from tests.small_media import PROVIDER
from tests.unit.labels.rules.files import TRUST, by, golden, labelled, members, noise, page


def subject(data: bytes, *, trust: Trust = TRUST, ai: bool = False) -> Subject:
    return Subject(BytesIO(data), trust=trust, ai=ai)


def test_media() -> None:
    kinds = {"image/png": "image", "audio/ogg": "audio", "video/webm": "video", "application/pdf": "text", "": "text"}
    assert {media: medium_of(media) for media in kinds} == kinds


def test_a_label_of_any_form_says_that_a_model_made_it() -> None:
    assert subject(page(members())).by_ai
    assert subject(page({"Label": 1, "ContentProducer": []})).by_ai, "of bad form"
    assert subject(golden("jpeg/other-schema.jpg")).by_ai
    assert subject(labelled()).by_ai
    assert not subject(page()).by_ai
    assert not subject(noise()).by_ai
    assert subject(noise(), ai=True).by_ai


def test_each_layer_alone_says_it() -> None:
    for more in ({"explicit": None, "c2pa": None}, {"watermark_key": None, "explicit": None}):
        data = label(noise(), by=by(**more)).data if "c2pa" not in more else None
        if data is None:
            from answerable.labels import watermarking

            out = BytesIO()
            assert watermarking.embed(BytesIO(noise()), out, "png", "record", TRUST.watermark_keys[0]).done
            data = out.getvalue()
        assert subject(data).by_ai
    from answerable.labels import explicit
    from answerable.labels.explicit.plan import Plan

    out = BytesIO()
    explicit.render(BytesIO(noise()), out, "image/png", Plan("en"))
    words = subject(out.getvalue())
    assert (words.by_ai, words.holds_object, words.seen.state) == (True, False, seen.FOUND)


def test_a_text_about_ai_is_none_that_ai_made() -> None:
    assert not subject(b"On AI: what it means that text is \xe7\x94\x9f\xe6\x88\x90, and who says so.\n").by_ai
    assert subject("AI生成\n\nA text.\n".encode()).by_ai


def test_objects_as_they_stand() -> None:
    assert [each.place for each in subject(page(members(), members())).carried] == ["meta AIGC", "meta AIGC"]
    assert not subject(golden("jpeg/other-schema.jpg")).carried
    data = label(page(), by=Labeller(PROVIDER)).data
    assert data is not None
    assert subject(data).holds_object


def test_what_was_kept_of_an_answer() -> None:
    import json

    message = {"role": "assistant", "content": "AI生成\n\nHi."}
    answer = {
        "id": "chatcmpl-abcdefghijklmnopqrstuvwxyz234567", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "answerable": {"record": "abcdefghijklmnopqrstuvwxyz234567", "explicit": "AI生成", "AIGC": members()},
    }  # fmt: skip
    found = subject(json.dumps(answer).encode())
    assert (found.format, found.medium, found.by_ai, found.carried) == ("api-answer", "text", True, ())
    assert found.holds_object
    assert found.seen.state == seen.FOUND
    assert found.text_bytes is None


def test_how_long_a_text_is() -> None:
    assert subject(b"Hello.\n").text_bytes == 7
    assert subject(golden("pdf/bare.pdf")).text_bytes is None


def test_no_file_of_a_known_format() -> None:
    with pytest.raises(VerificationError, match="no format"):
        subject(b"\0\1\2")
