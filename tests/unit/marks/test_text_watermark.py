# SPDX-License-Identifier: Apache-2.0
"""The mark in the choice of words: found where it was written, exact where it was not."""

import json
import math
import random
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from answerable.marks.text_watermark import (
    FREE,
    WIDTH,
    Writer,
    choose,
    draw,
    log10_erlang,
    luck,
    sampling_key,
    score,
)

KEY = bytes(range(32))
COIN = ((5, 0.5), (9, 0.5))
VECTORS = Path(__file__).parents[3] / "docs" / "spec" / "vectors" / "text-watermark.json"


def written(key: bytes, number: int, seed: int, width: int = 2) -> list[int]:
    """`number` tokens from a source of log2(width) bits each, whose tokens mean something else at each place."""
    chance = random.Random(seed)
    writer = Writer(key, chance.random)
    return [writer.next([(chance.randrange(1 << 16), 1 / width) for _ in range(width)]) for _ in range(number)]


def test_the_vectors_hold() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    secret = bytes.fromhex(vectors["secret"])
    key = sampling_key(secret, vectors["model"])
    assert key.hex() == vectors["key"]
    for each in vectors["luck"]:
        assert luck(key, each["context"], each["token"]) == each["luck"]
    for each in vectors["choose"]:
        assert choose(key, each["context"], [tuple(one) for one in each["candidates"]]) == each["token"]
    found = score(key, vectors["text"]["tokens"])
    assert found.scored == vectors["text"]["scored"]
    assert found.score == pytest.approx(vectors["text"]["score"], rel=1e-12)
    assert found.log10_p == pytest.approx(vectors["text"]["log10_p"], rel=1e-9)


def test_200_tokens_of_one_bit_are_found_under_their_key_alone() -> None:
    found = [score(KEY, written(KEY, 200, seed)).p_value < 1e-3 for seed in range(300)]
    assert sum(found) >= 0.98 * len(found)
    other = [score(bytes(32), written(KEY, 200, seed)).p_value < 1e-2 for seed in range(300)]
    assert sum(other) <= 12


def test_p_values_of_what_was_not_marked_are_uniform() -> None:
    chance = random.Random(1)
    values = sorted(score(KEY, [chance.randrange(50_000) for _ in range(104)]).p_value for _ in range(1000))
    worst = max(abs(value - (place + 0.5) / 1000) for place, value in enumerate(values))
    assert worst < 1.63 / math.sqrt(1000), "Kolmogorov-Smirnov at 1 %"


def test_words_are_as_likely_as_without_a_mark() -> None:
    candidates = ((1, 0.7), (2, 0.2), (3, 0.1))
    drawn = [choose(KEY, (place, 0, 0, 0), candidates) for place in range(20_000)]
    for token, p in candidates:
        assert abs(drawn.count(token) / 20_000 - p) < 0.012


def test_a_context_counts_once_and_is_marked_once() -> None:
    assert score(KEY, [1, 2, 3, 4, 5] * 50).scored == 5
    assert score(KEY, [7] * 500).scored == 1
    always = Writer(KEY, lambda: 0.999)  # never free by chance; `draw` takes the last
    said = [always.next(((1, 1e-9), (1, 1e-9), (2, 1 - 1e-9))) for _ in range(5)]
    assert said == [2] * 5
    marked = choose(KEY, (2, 2, 2, 2), COIN)
    writer = Writer(KEY, lambda: 0.999)
    for _ in range(WIDTH):
        writer.next(((2, 1.0),))
    assert writer.next(COIN) == marked


def test_answers_that_begin_alike_part_again() -> None:
    def answer(seed: int) -> tuple[int, ...]:
        chance = random.Random(seed)
        writer = Writer(KEY, chance.random)
        for start in range(WIDTH):
            writer.next(((start, 1.0),))
        return tuple(writer.next([(2 * place, 0.5), (2 * place + 1, 0.5)]) for place in range(5, 105))

    assert len({answer(seed) for seed in range(40)}) >= 35
    assert answer(3) == answer(3), "a seed asks for the same again"
    assert 0 < FREE < 0.1


def test_an_edit_costs_the_contexts_that_it_touches() -> None:
    tokens = written(KEY, 300, 5)
    edited = [*tokens[:100], 1, 2, 3, *tokens[120:]]
    assert score(KEY, edited).p_value < 1e-3
    assert score(KEY, tokens[40:]).p_value < 1e-3


@pytest.mark.parametrize("count", [1, 2, 20, 196, 1000])
def test_the_tail_is_erlangs(count: int) -> None:
    for total in (count * 0.5, count * 1.0, count + 4 * math.sqrt(count), count * 2.0):
        with localcontext(prec=60):
            term = summed = Decimal(1)
            for place in range(1, count):
                term *= Decimal(total) / place
                summed += term
            exact = float((summed * (-Decimal(total)).exp()).log10())
        assert log10_erlang(count, total) == pytest.approx(exact, rel=1e-9, abs=1e-12)
    assert log10_erlang(0, 0.0) == 0.0


def test_short_texts_and_odd_candidates() -> None:
    assert score(KEY, []).p_value == 1.0
    assert score(KEY, [1, 2, 3, 4]).scored == 0
    assert draw(COIN, 0.0) == 5
    assert draw(COIN, 0.75) == 9
    assert draw(((1, 0.0), (2, 1.0)), 0.0) == 2
    with pytest.raises(ValueError, match="no candidates"):
        Writer(KEY, lambda: 0.5).next([(1, 0.0)])
    assert choose(KEY, (0, 0, 0, 0), [(4, 1e-300), (5, 1.0)]) == 5


def test_the_sampling_key_is_of_one_model_and_does_not_give_the_secret() -> None:
    one, two = sampling_key(KEY, "sha256:a"), sampling_key(KEY, "sha256:b")
    assert len(one) == 32
    assert one != two
    assert KEY not in (one, two)
