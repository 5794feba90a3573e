# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
import re
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import Refused, Unavailable
from answerable.labels.explicit.patch import FONT, contrast, glyph_height, glyphs, make
from answerable.labels.explicit.plan import CONTRAST, Corner, Plan
from answerable.marks import wording

LANGUAGES = ("en", "zh", "both")
# The smallest squares that carry the usual words; docs/howto/labels.md says them.
SMALLEST = {"zh": 34, "en": 71, "both": 71}


def grey(rows: list[str]) -> np.ndarray:
    return np.array([[255 if each == "#" else 0 for each in row] for row in rows], dtype=np.uint8)


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(LANGUAGES), st.booleans(), st.integers(1, 8192), st.integers(1, 8192), st.sampled_from(list(Corner))
)
def test_any_size_is_measured_right_or_refused(
    language: str, icon: bool, width: int, height: int, corner: Corner
) -> None:
    plan = Plan(language=language, icon=icon, corner=corner)
    try:
        patch = make(plan, width, height)
    except Refused as error:
        least = [int(number) for number in re.findall(r"\d+", str(error.params["detail"]))][2:]
        assert least[0] > width or least[1] > height, "it is refused for being too small alone"
        return
    box = patch.box
    assert 0 <= box.x <= box.x + box.width <= width
    assert 0 <= box.y <= box.y + box.height <= height
    assert patch.pixels.shape == (box.height, box.width)
    text = patch.text
    words = patch.pixels[text.y : text.y + text.height, text.x : text.x + text.width]
    assert patch.glyph == glyph_height(words) >= min(width, height) / 20
    assert contrast(words) >= CONTRAST


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_smallest_square_is_the_one_that_is_said(language: str) -> None:
    side = SMALLEST[language]
    make(Plan(language=language), side, side)
    with pytest.raises(Refused, match="too few"):
        make(Plan(language=language), side - 1, side - 1)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (8192, 1), (1, 8192), (8192, 17), (30, 8192)])
def test_strips_that_are_too_thin(width: int, height: int) -> None:
    with pytest.raises(Refused, match=r"label\.explicit"):
        make(Plan(), width, height)


def test_corners_are_where_they_are_called() -> None:
    for corner, (x, y) in {
        Corner.TOP_LEFT: (0, 0), Corner.TOP: (1, 0), Corner.TOP_RIGHT: (2, 0),
        Corner.LEFT: (0, 1), Corner.RIGHT: (2, 1), Corner.BOTTOM_LEFT: (0, 2),
        Corner.BOTTOM: (1, 2), Corner.BOTTOM_RIGHT: (2, 2),
    }.items():  # fmt: skip
        box = make(Plan(corner=corner), 900, 900).box
        centre = (box.x + box.width / 2, box.y + box.height / 2)
        assert (int(centre[0] // 300), int(centre[1] // 300)) == (x, y), corner
        assert min(box.x, box.y, 900 - box.x - box.width, 900 - box.y - box.height) >= 18


def test_the_height_of_the_first_glyph_of_the_first_line() -> None:
    assert glyph_height(grey(["....", "....", "...."])) == 0
    assert glyph_height(grey([".#.#", ".#.#", ".#..", "....", "####"])) == 3
    assert glyph_height(grey(["...#", ".#.#", ".#.#", "...#"])) == 2, "the first, not the highest"
    assert contrast(grey(["####"])) == contrast(grey(["...."])) == 1.0
    assert contrast(grey(["#..."])) == pytest.approx(21)
    assert contrast(np.array([[130, 120]], dtype=np.uint8)) < CONTRAST


def test_the_font_draws_every_usual_word_and_says_what_it_lacks() -> None:
    assert set(itertools.chain(*wording.WORDS.values(), *wording.AI, *wording.GENERATION)) <= set(glyphs()["glyphs"])
    make(Plan(words="本视频由人工智能合成"), 900, 900)
    with pytest.raises(Refused, match="龘"):
        make(Plan(words="AI生成龘"), 900, 900)
    with pytest.raises(Refused, match="begin"):
        make(Plan(words="(AI生成)"), 900, 900)


def test_the_font_is_small_renamed_and_comes_with_its_licence() -> None:
    from PIL import ImageFont

    assert FONT.stat().st_size < 20_000
    assert ImageFont.truetype(str(FONT), 20).getname()[0] == "Answerable Label"
    licence = FONT.with_name("OFL.txt").read_text()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Reserved Font Name 'Source'" in licence


def test_two_plans_draw_two_labels() -> None:
    drawn = {make(Plan(language=one, icon=icon), 900, 900).pixels.tobytes() for one in LANGUAGES for icon in (0, 1)}
    assert len(drawn) == 6


def test_without_the_libraries_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(Unavailable, match=r"label\.extra"):
        make(Plan(share=0.123), 900, 900)
