# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.marks.sketch import ASKED, KEPT, LEAST, enough, sketch, within


def story(seed: int, words: int = 200) -> str:
    rng = random.Random(seed)
    known = ["".join(rng.choices("abcdefghijklmnoprstuvw", k=rng.randint(2, 9))) for _ in range(400)]
    return " ".join(rng.choices(known, k=words))


def shared(one: str, other: str) -> tuple[int, int, int]:
    kept, asked = sketch(one), sketch(other, ASKED)
    return len(set(kept) & set(asked)), len(kept), within(asked, kept)


def changed(text: str, share: float) -> str:
    rng = random.Random(3)
    return " ".join("x" if rng.random() < share else word for word in text.split())


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.upper(),
        lambda text: text.replace(" ", "\n"),
        lambda text: "**" + text.replace(" ", ", ") + "**",
        lambda text: changed(text, 0.1),
        lambda text: " ".join(text.split()[60:160]),
        lambda text: " ".join(text.split()[100:] + text.split()[:100]),
        lambda text: f"{story(90)} {text} {story(91)}",
    ],
)
def test_an_edited_text_is_known(edit) -> None:  # type: ignore[no-untyped-def]
    for seed in range(20):
        assert enough(*shared(story(seed), edit(story(seed))))


def test_another_text_is_not() -> None:
    for seed in range(20):
        assert shared(story(seed), story(seed + 50))[0] == 0


def test_chinese_is_known_character_by_character() -> None:
    rng = random.Random(5)
    text = "".join(rng.choices([chr(code) for code in range(0x4E00, 0x5200)], k=400))
    assert len(sketch(text)) == KEPT
    assert enough(*shared(text, text[100:300]))
    assert enough(*shared(text, text.replace(text[::40], "，")))


def test_a_short_text_has_none() -> None:
    assert sketch("Four.") == sketch("") == sketch("one two three four five six seven eight") == ()


def test_full_width_and_combined_letters_are_the_same() -> None:
    text = story(1)
    assert sketch("".join(chr(ord(c) + 0xFEE0) if "a" <= c <= "z" else c for c in text)) == sketch(text)


def test_what_is_enough() -> None:
    assert not enough(LEAST - 1, LEAST - 1, LEAST - 1)
    assert enough(LEAST, LEAST, 600)
    assert not enough(5, 24, 5)
    assert enough(6, 24, 6)
    assert enough(6, 24, 18)
    assert not enough(6, 24, 19)
    assert not enough(7, 24, 22)
    assert enough(8, 24, 600)


def test_of_what_is_asked_about_the_part_that_a_sketch_covers_counts() -> None:
    assert within((1, 3, 5, 7, 9), {3, 7, 100}) == 4
    assert within((b"a", b"c"), (b"b",)) == 0
    assert within((), (1,)) == 0


def test_texts_of_a_trade_share_phrases_and_are_not_alike() -> None:
    phrases = [story(200 + number, 12) for number in range(14)]
    one = " ".join([story(1, 160), *phrases, story(2, 160)])
    other = " ".join([story(3, 160), *(f"{phrase} {story(300, 3)}" for phrase in reversed(phrases)), story(4, 160)])
    found = shared(one, other)
    assert found[0] >= LEAST
    assert found[0] * 4 >= found[1]
    assert not enough(*found)


@given(st.text(max_size=400))
def test_any_text_has_a_sketch_in_order(text: str) -> None:
    found = sketch(text)
    assert list(found) == sorted(set(found))
    assert len(found) <= KEPT
