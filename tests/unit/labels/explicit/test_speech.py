# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import numpy as np
import pytest

from answerable.errors import Unavailable, VerificationError
from answerable.labels.explicit import speech
from answerable.labels.explicit.plan import FASTEST, SLOWEST, Plan
from answerable.labels.explicit.speech import PHRASES, say, voiced
from answerable.marks import wording

pytestmark = pytest.mark.system("espeak-ng")


def test_the_phrases_hold_both_elements() -> None:
    assert all(wording.complete(phrase) for phrase in PHRASES.values())


@pytest.mark.parametrize("words", ["", "本音频由人工智能合成", "本图片视频音频由人工智能技术生成"])
def test_chinese_is_spoken_at_normal_speed_as_measured(words: str) -> None:
    spoken = say(Plan(language="zh", words=words))
    count = len(re.findall("[\u4e00-\u9fff]", words or PHRASES["zh"]))
    heard = spoken.samples[voiced(spoken.samples)]
    measured = count * 60 * spoken.rate / len(heard)
    assert SLOWEST <= measured <= FASTEST
    assert spoken.pace["zh"] == pytest.approx(measured, rel=0.02)
    assert 0.1 < np.abs(spoken.samples).max() <= 1


def test_both_languages_one_after_the_other() -> None:
    one, two, both = (say(Plan(language=each)) for each in ("zh", "en", "both"))
    assert set(both.pace) == {"zh", "en"}
    assert 100 <= both.pace["en"] <= 180
    rest = round(0.25 * both.rate)
    assert len(both.samples) == pytest.approx(len(one.samples) + len(two.samples) - rest, rel=0.02)


def test_without_a_synthesiser_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match=r"label\.synthesiser"):
        say(Plan())


def test_a_program_that_says_nothing_or_too_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "PROGRAM", "true")
    with pytest.raises(Unavailable, match=r"label\.synthesiser"):
        say(Plan())
    hurried = (np.full(2_000, 0.5, np.float32), 8_000)
    monkeypatch.setattr(speech, "_spoken", lambda text, language, speed: hurried)
    with pytest.raises(VerificationError, match=r"label\.explicit"):
        say(Plan())


def test_what_is_voiced() -> None:
    assert voiced(np.array([0, 0.5, 0, 0.5, 0], np.float32)) == slice(1, 4)
    assert voiced(np.zeros(4, np.float32)) == slice(0, 0)
