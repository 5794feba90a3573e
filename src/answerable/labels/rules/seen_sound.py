# SPDX-License-Identifier: Apache-2.0
"""The rhythm that says "AI", found anywhere in a sound by its envelope, in bounded memory. Spoken words are not
understood here."""

from __future__ import annotations

from typing import BinaryIO, Final

from answerable.labels.explicit import coded_sound, rhythm
from answerable.labels.rules.seen import FOUND, UNSEEN, Seen

WINDOW_S: Final = 60
# Longer than any rhythm that is taken for one.
OVERLAP_S: Final = 8
MAX_S: Final = 6 * 3600


def look(file: BinaryIO) -> Seen:
    """Raises VerificationError ``format.malformed``, Unavailable ``label.extra``."""
    import numpy as np

    with coded_sound.foreign("audio"), coded_sound.opened(file) as container:
        if not container.streams.audio:
            return Seen(UNSEEN, "there is no sound in it", "其中没有声音")
        stream = container.streams.audio[0]
        rate = stream.rate
        held = np.zeros(0, np.float32)
        start = 0  # samples before `held`
        for piece in coded_sound.pieces(container, stream):
            held = np.concatenate([held, piece])
            if len(held) >= WINDOW_S * rate:
                if found := rhythm.find(held, rate):
                    return _at(start / rate + found.start_s)
                cut = len(held) - OVERLAP_S * rate
                held, start = held[cut:], start + cut
                if start > MAX_S * rate:
                    break
        if found := rhythm.find(held, rate):
            return _at(start / rate + found.start_s)
    return Seen(
        UNSEEN,
        "the rhythm is not heard in it; a spoken phrase would have to be listened to",
        "未检出节奏提示；语音提示须由人耳辨听",
    )


def _at(second: float) -> Seen:
    return Seen(FOUND, f"the rhythm short-long, short-short at {second:.1f} s", f"第 {second:.1f} 秒有“短长 短短”节奏")
