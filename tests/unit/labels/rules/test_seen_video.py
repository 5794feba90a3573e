# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import av
import numpy as np
import pytest

from answerable.errors import VerificationError
from answerable.labels.explicit import videos
from answerable.labels.explicit.frames import canvas
from answerable.labels.explicit.plan import Corner, Plan
from answerable.labels.rules.seen import FOUND, SHORT, UNSEEN
from answerable.labels.rules.seen_video import look


def film(seconds: float, *, words_s: float = 0.0, rate: int = 10) -> BytesIO:
    """Grey frames; the words stand for the first `words_s` seconds, whatever the standard asks for."""
    out = BytesIO()
    plan, drawn = Plan("zh"), None
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "15", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 192, 160, "yuv420p"
        for number in range(round(seconds * rate)):
            grey = np.full((160, 192, 3), 90 + number, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format="yuv420p")
            if number < words_s * rate:
                drawn = drawn or canvas(frame, plan)
                drawn.paint(frame)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return out


def test_words_on_the_opening_are_found_and_timed() -> None:
    out = BytesIO()
    videos.render(film(3.5), out, "video/mp4", replace(Plan("en"), corner=Corner.TOP_LEFT))
    found = look(out)
    assert (found.state, found.certain) == (FOUND, True), found


def test_words_that_go_too_soon_are_short() -> None:
    found = look(film(3.0, words_s=1.0))
    assert found.state == SHORT, found
    assert "1.0 s" in found.detail
    assert look(film(3.0, words_s=2.0)).state == FOUND


def test_words_that_stand_for_all_of_a_short_video() -> None:
    assert look(film(1.0, words_s=1.0)).state == FOUND


def test_none() -> None:
    assert look(film(0.5)).state == UNSEEN


def test_foreign_bytes() -> None:
    with pytest.raises(VerificationError, match="damaged"):
        look(BytesIO(b"\0" * 64))
