# SPDX-License-Identifier: Apache-2.0
"""The measurement of the watermark in words: its bounds, its source of one bit, and the page of a whole run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import label_reply, text_watermark
from benchmarks.tracing_page import bound


@pytest.mark.parametrize(("hits", "of"), [(0, 60), (1, 60), (10, 12_000), (60, 60)])
def test_the_bounds_are_clopper_and_pearsons(hits: int, of: int) -> None:
    assert text_watermark.upper(hits, of) == pytest.approx(bound(hits, of), rel=1e-6)
    assert text_watermark.lower(hits, of) == pytest.approx(1 - bound(of - hits, of), rel=1e-6)


def test_a_source_of_one_bit_is_found_at_the_lengths_that_the_page_says() -> None:
    rows = [line.split(" | ") for line in text_watermark.synthetic(20).splitlines()[-len(text_watermark.SOURCES) :]]
    for _, bits, short, *_, longest in rows:
        assert bits == "1.00"
        assert float(short.split()[0]) < float(longest.split()[0]) == 1.0


def test_no_passage_comes_twice() -> None:
    found = list(text_watermark.passages(50))
    assert len(set(found)) == 50
    assert {len(each) for each in found} == {text_watermark.CHARACTERS}


def test_the_page_holds_each_part_and_what_a_reply_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(texts: int, most: int, tokens: int) -> list[str]:
        return ["of a model", "of people"]

    monkeypatch.setattr(text_watermark, "run", run)
    monkeypatch.setattr(text_watermark, "synthetic", lambda texts: "of a source")
    monkeypatch.setattr(label_reply, "cost", lambda data, rounds, streamed: (7.0, 17.5))
    path = tmp_path / "page.md"
    monkeypatch.setattr(sys, "argv", ["text_watermark", "--page", str(path)])
    text_watermark.main()
    page = path.read_text(encoding="utf-8")
    places = [page.index(part) for part in ("of a source", "of a model", "of people", "| whole | 7.0 | 17.5 | 10.5 µs")]
    assert places == sorted(places)
    assert max(map(len, page.splitlines())) <= 130
    monkeypatch.setattr(sys, "argv", ["text_watermark", "--texts", "0", "--page", str(path)])
    with pytest.raises(SystemExit):
        text_watermark.main()
    assert "a whole run" in capsys.readouterr().err
