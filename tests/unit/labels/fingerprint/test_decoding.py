# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from PIL import Image

from answerable.errors import AnswerableError
from answerable.labels.fingerprint import decoding
from tests.unit.labels.fingerprint.seen import film, scene, tune


def test_sound_is_brought_to_one_rate_and_cut_at_the_bound() -> None:
    assert abs(len(decoding.sound(io.BytesIO(tune(1)), 8_000, 60)) - 40_000) < 200
    assert len(decoding.sound(io.BytesIO(tune(1)), 8_000, 2)) == 16_000
    assert len(decoding.sound(io.BytesIO(film(1, "mp4", "mpeg4")), 8_000, 2)) == 0


def test_frames_are_taken_at_their_times() -> None:
    data = film(1, "mp4", "mpeg4")  # two seconds
    assert len(decoding.frames(io.BytesIO(data), 32, every_s=0.5, most_s=20)) == 4
    assert len(decoding.frames(io.BytesIO(data), 32, every_s=0.5, most_s=1)) == 2
    assert decoding.frames(io.BytesIO(data), 32, every_s=0.5, most_s=20)[0].shape == (32, 32)


@pytest.mark.parametrize("read", ["container", "picture"])
@pytest.mark.parametrize("data", [b"", b"noise" * 100, tune(1)[:60] + b"\x00"])
def test_what_cannot_be_decoded_is_malformed(read: str, data: bytes) -> None:
    with pytest.raises(AnswerableError, match=r"format\.malformed"):
        if read == "picture":
            decoding.picture(io.BytesIO(data))
        else:
            list(decoding.packets(io.BytesIO(data[:40])))


def test_a_large_picture_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    Image.fromarray(scene(1)).save(out, "PNG")
    monkeypatch.setattr(decoding, "MAX_FRAME_PIXELS", 1_000)
    with pytest.raises(AnswerableError, match=r"format\.oversized"):
        decoding.picture(out)
    with pytest.raises(AnswerableError, match=r"format\.oversized"):
        decoding.frames(io.BytesIO(film(1, "mp4", "mpeg4")), 32, every_s=1, most_s=1)


@pytest.mark.parametrize(("module", "extra"), [("av", "video"), ("PIL", "image")])
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, module: str, extra: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    call: Any = decoding.picture if module == "PIL" else lambda source: decoding.sound(source, 8_000, 1)
    with pytest.raises(AnswerableError) as caught:
        call(io.BytesIO(b""))
    assert (caught.value.code, caught.value.params["extra"]) == ("label.extra", extra)


def test_the_source_stays_open() -> None:
    source = io.BytesIO(tune(1))
    decoding.sound(source, 8_000, 1)
    assert not source.closed


def test_how_long_a_file_plays() -> None:
    assert abs(decoding.played_ms(io.BytesIO(tune(1))) - 5_000) < 60
    assert abs(decoding.played_ms(io.BytesIO(film(1, "mp4", "mpeg4"))) - 2_000) < 60
    with pytest.raises(AnswerableError, match=r"format\.malformed"):
        decoding.played_ms(io.BytesIO(b"noise" * 100))
