# SPDX-License-Identifier: Apache-2.0
"""The spoken label (GB 45438-2025 section 5.3), by espeak-ng where it is installed, at normal speed: 120 to 160 Han
characters a minute, as measured on what it said."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from answerable.errors import Unavailable, VerificationError
from answerable.labels.explicit.plan import FASTEST, SLOWEST, Plan

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

PROGRAM: Final = "espeak-ng"
PHRASES: Final = {"zh": "本内容由人工智能生成", "en": "This content is AI-generated"}
VOICES: Final = {"zh": "cmn", "en": "en"}
# English at normal speed, in words a minute; the standard says nothing of it.
ENGLISH: Final = (100.0, 180.0)
_AIM: Final = {"zh": 140.0, "en": 140.0}
_HAN: Final = re.compile("[\u4e00-\u9fff]")
_TRIES: Final = 6
_TIMEOUT_S: Final = 20.0
_QUIET: Final = 0.02
_REST_S: Final = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """samples: one channel, -1 to 1, at `rate`; pace: Han characters (or English words) a minute, by language."""

    samples: NDArray[float32]
    rate: int
    pace: dict[str, float]


def say(plan: Plan) -> Spoken:
    """Raises Unavailable ``label.synthesiser`` without espeak-ng or its voice; VerificationError ``label.explicit`` if
    it cannot be brought to normal speed."""
    import numpy as np

    languages = ("zh", "en") if plan.language == "both" else (plan.language,)
    parts, pace, rate = [], {}, 0
    for language in languages:
        spoken, rate, pace[language] = _at_normal_speed(_phrase(plan, language), language)
        rest = np.zeros(round(_REST_S * rate), np.float32)
        parts += [rest, spoken]
    return Spoken(np.concatenate([*parts, rest]), rate, pace)


def voiced(samples: NDArray[float32]) -> slice:
    """From the first to the last sample that is not silence."""
    loud = (abs(samples) > _QUIET).nonzero()[0]
    return slice(int(loud[0]), int(loud[-1]) + 1) if len(loud) else slice(0, 0)


def _phrase(plan: Plan, language: str) -> str:
    """The plan's own words where they are of this language; letters alone would be spelled out in Chinese."""
    if plan.words and plan.language == language and (language == "en" or "AI" not in plan.words):
        return plan.words
    return PHRASES[language]


def _at_normal_speed(text: str, language: str) -> tuple[NDArray[float32], int, float]:
    count = len(_HAN.findall(text)) if language == "zh" else len(text.replace("-", " ").split())
    slowest, fastest = (SLOWEST, FASTEST) if language == "zh" else ENGLISH
    speed, pace = 160, 0.0
    for _ in range(_TRIES):
        heard, rate = _spoken(text, language, speed)
        heard = heard[voiced(heard)]
        pace = count * 60 * rate / max(len(heard), 1)
        if slowest <= pace <= fastest and abs(pace - _AIM[language]) < 15:
            return heard, rate, pace
        speed = min(max(round(speed * _AIM[language] / pace), 80), 450)
    if slowest <= pace <= fastest:
        return heard, rate, pace
    raise VerificationError("label.explicit", detail=f"the phrase is spoken at {pace:.0f} a minute")


def _spoken(text: str, language: str, speed: int) -> tuple[NDArray[float32], int]:
    import numpy as np

    program = shutil.which(PROGRAM)
    if program is None:
        raise Unavailable("label.synthesiser", language=language)
    command = [program, "-v", VOICES[language], "-s", str(speed), "--stdout", "--", text]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S, check=True)
        # To a pipe it writes sizes that it does not know yet: what counts is what came.
        with wave.open(io.BytesIO(done.stdout)) as file:
            rate, wide, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            data = file.readframes(len(done.stdout))
    except (OSError, subprocess.SubprocessError, wave.Error, EOFError):
        raise Unavailable("label.synthesiser", language=language) from None
    if (wide, channels) != (2, 1) or not data:
        raise Unavailable("label.synthesiser", language=language)
    heard: NDArray[float32] = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / np.float32(32_768)
    return heard, rate
