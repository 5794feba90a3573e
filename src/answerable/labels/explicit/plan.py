# SPDX-License-Identifier: Apache-2.0
"""What may be chosen of an explicit label, within GB 45438-2025 section 5, and the bounds that results are held to.

Every textual label holds an AI element and a generation element. On pictures (5.2) and on the opening of videos (5.4)
glyphs are 5 % of the shortest side or more, at an edge or a corner, for two seconds or more; in sound (5.3) a spoken
phrase at normal speed or the rhythm short-long, pause, short-short stands before, after or in the middle; in text (5.1)
words stand at the start, the end or a fitting middle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from answerable.errors import Refused
from answerable.marks import wording

LANGUAGES: Final = ("en", "zh", "both")
SHARE: Final = 0.05  # of the shortest side, for the height of a glyph
MOST: Final = 0.25
# Below this a Han character of our font runs into a blot, whatever the standard allows.
LEAST_PX: Final = 10
SECONDS: Final = 2.0
MOST_SECONDS: Final = 60.0
# Han characters a minute of speech at normal speed.
SLOWEST: Final = 120.0
FASTEST: Final = 160.0
# Between glyphs and what lies behind them (the contrast ratio of WCAG 2.2).
CONTRAST: Final = 4.5
# Between the words as drawn and as they came out of a coder, 1 for the same.
LIKENESS: Final = 0.8
MAX_WORDS: Final = 40


class Corner(StrEnum):
    TOP_LEFT = "top-left"
    TOP = "top"
    TOP_RIGHT = "top-right"
    LEFT = "left"
    RIGHT = "right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM = "bottom"
    BOTTOM_RIGHT = "bottom-right"


class Where(StrEnum):
    START = "start"
    MIDDLE = "middle"
    END = "end"


class Sound(StrEnum):
    RHYTHM = "rhythm"
    SPOKEN = "spoken"


@dataclass(frozen=True, slots=True)
class Plan:
    """language: of the words; words: others than the usual ones, "" for those; corner: where on a picture or frame;
    share: height of a glyph by the shortest side; icon: the letters AI in a frame stand before the words, as the EU's
    code of practice asks of deployers; where: in text and sound; sound: how a sound says it; seconds: how long a video
    shows it.

    Making one raises Refused ``label.plan`` for what the standard does not allow.
    """

    language: str = "zh"
    words: str = ""
    corner: Corner = Corner.BOTTOM_RIGHT
    share: float = SHARE
    icon: bool = False
    where: Where = Where.START
    sound: Sound = Sound.RHYTHM
    seconds: float = 3.0

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise _no(f"the language is none of {', '.join(LANGUAGES)}")
        text = self.text
        if not wording.complete(text):
            raise _no("the words lack an AI element (人工智能 or AI) or a generation element (生成 or 合成)")
        if len(text) > MAX_WORDS or not text.isprintable() or text != text.strip():
            raise _no(f"the words are not one line of up to {MAX_WORDS} characters")
        if text[0].islower():
            raise _no("the words begin with a small letter, which is lower than a glyph")
        if not SHARE <= self.share <= MOST:
            raise _no(f"a glyph is {SHARE:.0%} to {MOST:.0%} of the shortest side")
        if not SECONDS <= self.seconds <= MOST_SECONDS:
            raise _no(f"a video shows it for {SECONDS:g} to {MOST_SECONDS:g} seconds")
        for kind, value in ((Corner, self.corner), (Where, self.where), (Sound, self.sound)):
            if value not in tuple(kind):
                raise _no(f"{value} is none of {', '.join(kind)}")

    @property
    def text(self) -> str:
        return self.words or wording.words(self.language)

    def glyph(self, shortest: int) -> int:
        """The least height of a glyph in pixels on a picture whose shortest side is `shortest`."""
        return max(math.ceil(self.share * shortest - 1e-9), LEAST_PX)


def _no(detail: str) -> Refused:
    return Refused("label.plan", detail=detail)
