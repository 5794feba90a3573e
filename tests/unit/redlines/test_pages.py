# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import pytest

from answerable.redlines import forms, pages
from answerable.redlines.regimes import regime, regimes
from tests.unit.redlines.test_forms import report

HAN = re.compile(r"[一-鿿]")


def tables(text: str) -> list[list[str]]:
    """Lines of each table."""
    return [block.split("\n") for block in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_of_facts_tells_all(lang: str) -> None:
    found = report()
    text = pages.page(found, lang)
    assert bool(HAN.search(text.split("\n")[0])) is (lang == "zh")
    told = [found.id, found.copy, found.orders[0].rid, found.receipts[0].holder, found.around[0].rid,
            found.evidence[0].rid, found.evidence[0].digest, "60263", "log.example"]  # fmt: skip
    for each in told:
        assert each in text, each
    for clock in found.clocks:
        assert (clock.title_zh if lang == "zh" else clock.title) in text


def test_names_of_strangers_stay_in_their_cell() -> None:
    text = pages.page(report(parties=[forms.Who(role="provider", id="x", name="a|b\n# Heading <script>")]))
    assert "\n# Heading" not in text
    assert "a\\|b # Heading &lt;script>" in text
    for table in tables(text):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table if row}) == 1, table


def test_tests_and_evaluations_say_so_first() -> None:
    assert "Nothing happened" in pages.page(report(planted=True)).split("| |")[0]
    assert "no incident" in pages.page(report(evaluation=True)).split("| |")[0]
    assert "Nothing happened" not in pages.page(report())


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("each", regimes().regime, ids=lambda each: str(each.id))
def test_each_form_as_markdown(each: object, lang: str) -> None:
    chosen = regime(each.id)  # type: ignore[attr-defined]
    text = pages.form(forms.fill(report(), chosen, lang), chosen, lang)
    for field in chosen.fields:
        assert f"\n## {field.name_zh if lang == 'zh' else field.name}\n" in text
    assert chosen.source in text
    assert chosen.checked in text
    left = sum(not field.fact for field in chosen.fields)
    assert text.count(forms.OPEN[lang == "zh"]) == left
    assert text.count("\n# ") == 0, "one title"


def test_signatures_that_nobody_reads_by_eye_are_cut() -> None:
    text = pages.page(report(checkpoint="o\n1\nr\n\n— o " + "A" * 5_000 + "\n"))
    assert "A" * 500 not in text
    assert "…" in text
