# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np
import pytest

from answerable.labels.fingerprint.sound import RATE, of_samples, of_sound
from answerable.model.prints import Kind, Print, alike, distance, unlike
from tests.unit.labels.fingerprint.seen import tune


def recoded(data: bytes, form: str, codec: str, rate: int = 22_050, **options: str) -> bytes:
    import av

    out = io.BytesIO()
    with av.open(io.BytesIO(data)) as read, av.open(out, "w", format=form) as made:
        stream = made.add_stream(codec, rate=rate, layout="mono", options=options)
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size or 1024
        )
        for frame in (*read.decode(audio=0), None):
            for piece in resampler.resample(frame):
                made.mux(stream.encode(piece))
        made.mux(stream.encode(None))
    return out.getvalue()


def found(data: bytes) -> Print:
    its = of_sound(io.BytesIO(data))
    assert its is not None
    return its


@pytest.mark.parametrize(
    ("form", "codec", "rate"),
    [("mp3", "mp3", 22_050), ("ogg", "libopus", 48_000), ("flac", "flac", 22_050), ("wav", "pcm_s16le", 11_025)],
)
def test_a_recoded_sound_is_near(form: str, codec: str, rate: int) -> None:
    for seed in range(3):
        data = tune(seed)
        assert alike(distance(found(data), found(recoded(data, form, codec, rate))))


def test_loudness_silence_around_it_and_a_second_channel_change_nothing() -> None:
    data = tune(1)
    with wave.open(io.BytesIO(data)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    quiet = np.concatenate([np.zeros(9_000, np.int16), samples // 3, np.zeros(5_000, np.int16)])
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((2, 2, 22_050, len(quiet), "NONE", ""))
        file.writeframes(np.repeat(quiet, 2).astype("<i2").tobytes())
    assert alike(distance(found(data), found(out.getvalue())))


def test_other_sounds_are_far() -> None:
    prints = [found(tune(seed)) for seed in range(10)]
    assert {each.kind for each in prints} == {Kind.AUDIO}
    for at, one in enumerate(prints):
        for other in prints[:at]:
            assert not alike(distance(one, other))
    assert sum(unlike(distance(a, b)) for a in prints for b in prints) >= 80


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(RATE * 3, np.float32),
        np.sin(np.arange(RATE * 3) * 0.3).astype(np.float32),
        np.ones(100, np.float32),
        np.zeros(0, np.float32),
    ],
)
def test_silence_a_steady_tone_and_too_little_have_none(samples: Any) -> None:
    assert of_samples(samples) is None
