# SPDX-License-Identifier: Apache-2.0
"""The measurement of tracing: what is cut off goes on, and the page says what was counted."""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from answerable.labels.tracing import Traces
from answerable.model.prints import Kind, Print
from benchmarks import tracing, tracing_items
from benchmarks.kept import Kept, digest
from benchmarks.pictures import drawn
from benchmarks.tracing_page import HEADING, bound, put

PRINT = Print(Kind.IMAGE, 1, (2**64 - 1, 0, 7))


class Here:
    """A pool of no processes, that tells what it was asked to do."""

    def __init__(self) -> None:
        self.done: list[int] = []

    def imap(self, call: Callable[[Any], Any], works: Iterable[Any], chunksize: int = 1) -> Iterator[Any]:
        for work in works:
            self.done.append(work)
            yield call(work)


def _taken(number: int) -> Traces:
    return Traces(bytes([number]), b"shown", (PRINT,), (1, 2**32 - 1), 2**48 - 1, ("label.extra",))


def test_what_was_cut_off_goes_on_with_the_same_results(tmp_path: Path) -> None:
    path, works = tmp_path / "some.jsonl", {number: number for number in range(5)}
    first = Kept(path, "a", Traces).through(Here(), _taken, {number: number for number in range(3)})
    assert first == [_taken(number) for number in range(3)]
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 5)  # in the middle of the last line
    pool = Here()
    assert Kept(path, "a", Traces).through(pool, _taken, works) == [_taken(number) for number in works]
    assert pool.done == [2, 3, 4]
    again = Here()
    assert Kept(path, "a", Traces).through(again, _taken, works) == [_taken(number) for number in works]
    assert again.done == []


def test_results_of_other_code_are_not_continued(tmp_path: Path) -> None:
    path, code = tmp_path / "some.jsonl", tmp_path / "code.py"
    code.write_text("1")
    its = digest([code], "question")
    Kept(path, its, Traces).through(Here(), _taken, {0: 0})
    code.write_text("2")
    assert its != digest([code], "question") != digest([code], "another")
    pool = Here()
    Kept(path, digest([code], "question"), Traces).through(pool, _taken, {0: 0})
    assert pool.done == [0]


def test_pictures_of_two_seeds_are_others(tmp_path: Path) -> None:
    for name in "abcd":
        Image.effect_noise((300, 280), ord(name)).save(tmp_path / f"{name}.png")
    one, other = (tracing_items.pictures(6, seed, [tmp_path]) for seed in (1, 2))
    assert [len(one), len(other)] == [6, 6]
    assert not set(one) & set(other)
    assert [Path(name).stem for name, seed in other if not seed] == ["a", "c"]
    assert tracing_items.picture(one[0]).size == (300, 280)
    assert tracing_items.picture(one[-1]).size == (320, 256)


def test_a_photograph_in_another_size_is_the_same(tmp_path: Path) -> None:
    one, other = (Image.fromarray(drawn("scene", seed, 320, 300)) for seed in (1, 2))
    one.save(tmp_path / "one.png")
    other.save(tmp_path / "other.png")
    one.resize((450, 480), 1).save(tmp_path / "larger.jpg", quality=80)
    named = {path.stem: (str(path), 0) for path in tmp_path.iterdir()}
    unlabelled = [named["larger"], named["other"], ("scene", 7)]
    assert tracing_items.copies(unlabelled, [named["one"], ("scene", 8)]) == {named["larger"]}


def test_texts_share_a_run_whatever_stands_between_the_words() -> None:
    words = [f"word{number}" for number in range(14)]
    one, other = " ".join(words), "# " + "\n# ".join(word.upper() for word in words[1:13])
    assert tracing_items.runs(one) & tracing_items.runs(other)
    assert not tracing_items.runs(one) & tracing_items.runs(" ".join([*words[:11], "else", *words[11:]]))
    assert tracing_items.runs(" ".join(words[:11])) == set()


@pytest.mark.parametrize("change", tracing_items.TEXTS.values(), ids=list(tracing_items.TEXTS))
def test_every_change_leaves_some_of_a_text(change: Callable[[str, random.Random], str]) -> None:
    text = " ".join(f"Word{number}." for number in range(80))
    assert len(change(text, random.Random(1)).split()) >= 40


def test_a_search_falls_on_every_kind() -> None:
    for of, some in ((1400, 150), (7000, 500), (28, 6), (5, 0)):
        step = tracing._searched(of, some)
        assert step % 2 == 1
        kinds = {number % len(tracing_items.KINDS) for number in range(0, of, step)}
        assert len(kinds) == min(len(tracing_items.KINDS), -(-of // step))


def test_the_bound_is_clopper_and_pearsons() -> None:
    assert bound(0, 10_000) == pytest.approx(1 - 0.05 ** (1 / 10_000))
    assert bound(3, 3) == 1.0
    assert bound(0, 100) < bound(1, 100) < bound(2, 100)


def test_a_run_names_the_right_ones_and_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = [f"{' '.join(random.Random(n).choices(WORDS, k=90))}." for n in range(4)]
    monkeypatch.setattr(tracing, "texts", lambda seed: iter([(f"package{n}", text) for n, text in enumerate(written)]))
    monkeypatch.setattr(tracing, "of_half", lambda every, half, most: list(every)[half::2])
    args = argparse.Namespace(
        labelled_pictures=4, labelled_texts=2, pictures=4, texts=2, everywhere=1, seed=1, jobs=1, show=True
    )
    args.work, args.photographs = tmp_path, []
    report = asyncio.run(tracing.measure(args))
    assert (report["false"]["items"], report["false"]["named"]) == (6, 0)
    assert (report["true"]["items"], report["true"]["found"], report["true"]["named wrongly"]) == (6, 6, 0)
    assert report["labelled pictures"]["half size"]["of"] == 4
    assert report["unlabelled pictures"]["moved: named"] == 0
    page = put(f"# Head\n\n{HEADING}\n\nwhat was here\n", report)
    assert page.startswith(f"# Head\n\n{HEADING}\n\n`python")
    assert "what was here" not in page
    assert "| both | 6 | 0 | 39.304% |" in page
    with pytest.raises(ValueError, match="no heading"):
        put("# Head\n", report)


WORDS = [f"{one}{two}" for one in ("ba", "re", "ni", "to", "su") for two in ("lk", "rm", "sp", "nd", "ft")]
