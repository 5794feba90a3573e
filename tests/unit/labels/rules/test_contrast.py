# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.labels.rules.contrast import LETTERS, of_hex, ratio

BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def test_the_ratio_of_the_guidelines() -> None:
    assert ratio(BLACK, WHITE) == ratio(WHITE, BLACK) == pytest.approx(21.0)
    assert ratio(WHITE, WHITE) == 1.0
    # The grey that WCAG names as the last that passes for small letters.
    assert ratio((0x76, 0x76, 0x76), WHITE) == pytest.approx(4.54, abs=0.01)
    assert ratio((0xFF, 0xFF, 0), WHITE) < LETTERS < ratio((0xFF, 0, 0), WHITE)


def test_colours_as_they_are_written() -> None:
    assert of_hex("0180ff") == of_hex("0180FF") == (1, 128, 255)
    for text in ("", "fff", "00ff0g", "auto", "0180ff00", "01 0ff"):
        assert of_hex(text) is None
