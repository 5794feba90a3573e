# SPDX-License-Identifier: Apache-2.0
"""Words on the opening of a video, found where this project puts them, and how long they stand there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO, Final

from answerable.errors import Refused
from answerable.labels.explicit import coded_sound
from answerable.labels.explicit.patch import contrast, glyph_height, likeness
from answerable.labels.explicit.plan import CONTRAST, LIKENESS, SECONDS, Corner
from answerable.labels.rules.seen import FOUND, SHORT, UNSEEN, Seen
from answerable.labels.rules.seen_picture import NOT_READ, plans

MAX_FRAMES: Final = 4_000
MAX_PIXELS: Final = 100_000_000
_ROUNDING_S: Final = 0.001


def look(file: BinaryIO) -> Seen:
    """Raises VerificationError ``format.malformed``, Unavailable ``label.extra``."""
    with coded_sound.foreign("video"), coded_sound.opened(file) as container:
        stream = next((each for each in container.streams.video if not _cover(each)), None)
        if stream is None or stream.width * stream.height > MAX_PIXELS:
            return Seen(UNSEEN, "it has no picture that can be looked at", "没有可供查看的画面")
        frames = _frames(container, stream)
        opening = next(frames, None)
        canvas = _canvas(opening[1]) if opening is not None else None
        if canvas is None:
            return Seen(UNSEEN, *NOT_READ)
        return _standing(canvas, opening, frames, stream)


def _cover(stream: Any) -> bool:
    return bool(stream.disposition & stream.disposition.attached_pic)


def _frames(container: Any, stream: Any) -> Iterator[tuple[float, Any]]:
    for number, frame in enumerate(container.decode(stream)):
        if number == MAX_FRAMES or frame.pts is None:
            return
        yield float(frame.pts * frame.time_base), frame


def _canvas(frame: Any) -> Any:
    """The wording and place that stand on the frame, None for none."""
    from answerable.labels.explicit.frames import canvas

    best, most = None, LIKENESS
    for plan in plans():
        for corner in Corner:
            try:
                drawn = canvas(frame, replace(plan, corner=corner))
            except Refused:
                break
            alike = likeness(drawn.words(frame), drawn.patch.words)
            if alike >= most:
                best, most = drawn, alike
    return best


def _standing(canvas: Any, opening: Any, frames: Iterator[tuple[float, Any]], stream: Any) -> Seen:
    first = last = opening[0]
    glyph = glyph_height(canvas.words(opening[1]))
    step = float(1 / stream.average_rate) if stream.average_rate else 0.0
    shown = None  # seconds, once the words are gone
    for at, frame in frames:
        words = canvas.words(frame) if canvas.fits(frame) else None
        if words is None or likeness(words, canvas.patch.words) < LIKENESS or contrast(words) < CONTRAST:
            shown = at - first
            break
        glyph, last = min(glyph, glyph_height(words)), at
        if at - first >= SECONDS:
            break
    stands = shown if shown is not None else last - first + step
    said = f"{glyph} px ({canvas.least}), {stands:.1f} s"
    brief = shown is not None and shown < SECONDS - _ROUNDING_S
    if glyph < canvas.least or brief:
        return Seen(SHORT, f"too small or too brief: {said}", f"过小或过短：{said}", certain=True)
    return Seen(FOUND, said, said, certain=True)
