# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.marks.sketch import ASKED, KEPT, LEAST, enough, sketch


def story(seed: int, words: int = 200) -> str:
    rng = random.Random(seed)
    known = ["".join(rng.choices("abcdefghijklmnoprstuvw", k=rng.randint(2, 9))) for _ in range(400)]
    return " ".join(rng.choices(known, k=words))


def shared(one: str, other: str) -> tuple[int, int]:
    kept = sketch(one)
    return len(set(kept) & set(sketch(other, ASKED))), len(kept)


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
    assert not enough(LEAST - 1, LEAST - 1)
    assert enough(LEAST, LEAST)
    assert not enough(5, 24)
    assert enough(6, 24)


@given(st.text(max_size=400))
def test_any_text_has_a_sketch_in_order(text: str) -> None:
    found = sketch(text)
    assert list(found) == sorted(set(found))
    assert len(found) <= KEPT
