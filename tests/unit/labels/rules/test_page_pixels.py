# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.labels.rules.page_file import boxes, library, opened
from answerable.labels.rules.page_pixels import undrawn
from tests.unit.labels.rules.test_page_words import BOX, page, text


def without(content: str) -> set[int]:
    with opened(library(), page(content)) as pages:
        count = len(boxes(library().raw, pages[0]))
        assert undrawn(library(), pages[0], []) == set()
        found = undrawn(library(), pages[0], list(range(count)))
        # The page is left as it was.
        assert undrawn(library(), pages[0], list(range(count))) == found
        return found


def test_letters_without_which_the_page_looks_the_same() -> None:
    assert without(text()) == set()
    assert without(text("1 g")) == {0, 1, 2, 3}
    assert without(text() + f"1 g {BOX}") == {0, 1, 2, 3}
    # Two of the letters.
    assert without(text() + "1 g 40 90 33 30 re f") == {0, 1}


def test_a_letter_of_which_little_is_left() -> None:
    assert without(text() + "1 g 40 104 100 30 re f") == {0, 1, 2, 3}
    assert without(text() + "1 g 40 114 100 30 re f") == set()
