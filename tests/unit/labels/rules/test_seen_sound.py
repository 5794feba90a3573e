# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import wave
from io import BytesIO

import numpy as np
import pytest

from answerable.errors import VerificationError
from answerable.labels.explicit import rhythm
from answerable.labels.rules import seen_sound
from answerable.labels.rules.seen import FOUND, UNSEEN

RATE = 8_000


def sound(seconds: float, *, mark_at: float | None = None) -> BytesIO:
    heard = np.random.default_rng(1).normal(0, 0.01, round(seconds * RATE)).astype(np.float32)
    if mark_at is not None:
        mark, at = rhythm.samples(RATE), round(mark_at * RATE)
        heard = np.concatenate([heard[:at], mark, heard[at:]])
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((heard * 32_767).astype("<i2").tobytes())
    return out


@pytest.mark.parametrize("at", [0.0, 3.0, 6.0])
def test_the_rhythm_is_heard_wherever_it_stands(at: float) -> None:
    found = seen_sound.look(sound(6.0, mark_at=at))
    assert found.state == FOUND
    said = float(found.detail.rpartition(" at ")[2].removesuffix(" s"))
    assert said == pytest.approx(at + rhythm.REST_S, abs=0.06)


@pytest.mark.parametrize("at", [9.5, 13.0, 19.0])
def test_in_bounded_pieces_none_is_missed(monkeypatch: pytest.MonkeyPatch, at: float) -> None:
    monkeypatch.setattr(seen_sound, "WINDOW_S", 10)
    monkeypatch.setattr(seen_sound, "OVERLAP_S", 4)
    assert seen_sound.look(sound(24.0, mark_at=at)).state == FOUND


def test_none_is_not_said_to_be_absent() -> None:
    assert seen_sound.look(sound(3.0)).state == UNSEEN


def test_no_longer_than_this(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_sound, "WINDOW_S", 10)
    monkeypatch.setattr(seen_sound, "MAX_S", 1)
    assert seen_sound.look(sound(40.0, mark_at=35.0)).state == UNSEEN


def test_foreign_bytes() -> None:
    with pytest.raises(VerificationError, match="damaged"):
        seen_sound.look(BytesIO(b"RIFF"))
