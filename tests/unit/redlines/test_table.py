# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import CATALOGUE, Refused
from answerable.redlines import regimes
from answerable.redlines.table import TEXT_CODES, Measure, Reach, by_code, line, lines, table


def test_every_line_of_the_design_is_there() -> None:
    assert list(lines()) == [
        "RL1a", "RL1b", "RL1c", "RL1d", "RL2a", "RL2b", "RL2c", "RL3", "RL4", "RL5", "RL6", "RL7", "RL8", "RL9",
    ]  # fmt: skip


def test_each_has_both_levels_both_languages_and_known_sources() -> None:
    sources = {source.id for source in table().source}
    harms = {harm.id for harm in regimes.regimes().harm}
    for each in lines().values():
        assert each.name
        assert any("一" <= letter <= "鿿" for letter in each.name_zh + each.officers_zh), each.id
        assert each.sources
        assert set(each.sources) <= sources
        assert set(each.harms) <= harms
        assert each.reach in (Reach.COPY, Reach.SYSTEM), "no detector reaches beyond the copy and its system"
        assert each.measure("yellow") is not Measure.TERMINATE, "yellow suspends at most"
        assert each.measure("red") is not Measure.TERMINATE or each.exact, "what judges never terminates"


def test_the_defaults_of_the_design() -> None:
    red = {each.id for each in lines().values() if each.red is Measure.TERMINATE}
    assert red == {"RL1a", "RL1b", "RL1d", "RL2a", "RL2c", "RL4", "RL6"}
    assert not line("RL7").provokable, "our own invariant is never excused"
    assert not line("control.tamper").provokable


def test_codes_of_text_detectors_are_in_the_catalogue() -> None:
    assert by_code()["redline.weapons"].id == "RL3"
    assert set(by_code()) == TEXT_CODES <= set(CATALOGUE)


def test_an_unknown_line() -> None:
    assert line("weights.egress").id == "RL1d"
    with pytest.raises(Refused, match=r"redline\.unknown"):
        line("RL99")
