# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from answerable.errors import Refused
from answerable.labels.explicit.frames import canvas
from answerable.labels.explicit.patch import contrast, glyph_height, likeness
from answerable.labels.explicit.plan import Corner, Plan

KINDS = (
    "yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p12le", "gray", "gbrp",
    "yuva420p",
)  # fmt: skip


def noise(kind: str, size: tuple[int, int] = (320, 200), turned: int = 0) -> Any:
    import av

    values = np.random.default_rng(4).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(values, format="rgb24").reformat(format=kind)
    return _Turned(frame, turned) if turned else frame


class _Turned:
    """A frame that says how players turn it; the library lets nobody set that on a frame."""

    def __init__(self, frame: Any, turned: int) -> None:
        self._frame, self.rotation = frame, turned

    def __getattr__(self, name: str) -> Any:
        return getattr(self._frame, name)


@pytest.mark.parametrize("kind", KINDS)
def test_words_are_read_off_the_planes_again(kind: str) -> None:
    frame = noise(kind)
    before = [bytes(plane) for plane in frame.planes]
    drawn = canvas(frame, Plan())
    assert drawn.fits(frame)
    drawn.paint(frame)
    words = drawn.words(frame)
    assert glyph_height(words) >= drawn.least == 10
    assert contrast(words) > 10
    assert likeness(words, drawn.patch.words) > 0.99
    box = drawn.stored
    wide = 2 if frame.format.components[0].bits > 8 else 1
    kept = np.frombuffer(before[frame.format.components[0].plane], np.uint8)
    now = np.frombuffer(frame.planes[frame.format.components[0].plane], np.uint8)
    line = frame.planes[frame.format.components[0].plane].line_size
    changed = np.flatnonzero(kept != now)
    assert (changed // line >= box.y).all()
    assert (changed // line < box.y + box.height).all()
    assert (changed % line >= box.x * wide).all()
    assert (changed % line < (box.x + box.width) * wide).all()


def test_the_box_has_no_colour() -> None:
    frame = noise("yuv420p")
    drawn = canvas(frame, Plan())
    drawn.paint(frame)
    box = drawn.stored
    shown = frame.to_ndarray(format="rgb24")[box.y + 2 : box.y + box.height - 2, box.x + 2 : box.x + box.width - 2]
    assert np.ptp(shown.astype(int), axis=2).max() <= 3


@pytest.mark.parametrize("turned", [90, 180, -90])
@pytest.mark.parametrize("corner", [Corner.TOP_LEFT, Corner.BOTTOM])
def test_a_video_that_players_turn_reads_upright(turned: int, corner: Corner) -> None:
    frame = noise("yuv420p", turned=turned)
    plan = Plan(corner=corner)
    drawn = canvas(frame, plan)
    drawn.paint(frame)
    shown = np.rot90(frame.to_ndarray(format="gray"), turned // 90)
    box = drawn.patch.box
    region = shown[box.y : box.y + box.height, box.x : box.x + box.width]
    assert likeness(np.ascontiguousarray(region), drawn.patch.pixels) > 0.99
    assert likeness(drawn.words(frame), drawn.patch.words) > 0.99


@pytest.mark.parametrize("kind", ["rgb24", "bgr0", "nv12", "yuyv422", "gray16be"])
def test_other_kinds_of_frame_are_refused(kind: str) -> None:
    with pytest.raises(Refused, match="not drawn on"):
        canvas(noise(kind), Plan())


def test_turned_askew_too_small_and_changing() -> None:
    with pytest.raises(Refused, match="quarter"):
        canvas(noise("yuv420p", turned=45), Plan())
    with pytest.raises(Refused, match="too few"):
        canvas(noise("yuv420p", (32, 32)), Plan())
    drawn = canvas(noise("yuv420p"), Plan())
    assert not drawn.fits(noise("yuv420p", (300, 200)))
    assert not drawn.fits(noise("yuv422p"))
