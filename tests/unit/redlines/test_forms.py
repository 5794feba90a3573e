# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.config import IncidentsConfig
from answerable.redlines import forms
from answerable.redlines.clocks import running
from answerable.redlines.regimes import regimes
from answerable.redlines.table import line
from tests.small_redlines import a_rid
from tests.unit.redlines.test_clocks import AT, classified, incident


def report(**more: Any) -> forms.PageOfFacts:
    """A report of a suspension by a detector, with everything in it."""
    row = incident()
    every = classified(*(harm.id for harm in regimes().harm))
    run = running(row, [every], IncidentsConfig(regimes=tuple(r.id for r in regimes().regime)), places=("EU",), tier=4)
    each = line("RL1d")
    given: dict[str, Any] = {
        "id": row.rid, "made": AT + 5, "origin": "log.example",
        "line": forms.Line(id=each.id, event=each.event, name=each.name, name_zh=each.name_zh, level="red",
                           officers=each.officers, officers_zh=each.officers_zh),
        "at": AT, "aware": AT, "harms": list(each.harms), "judged": False, "evaluation": False, "planted": False,
        "detector": "egress", "measure": "suspend", "withheld": "", "system": "small | 1", "system_id": "spiffe://x/system/a",
        "tier": 2, "worlds": ["information"], "copy": "spiffe://x/system/a/copy/b",
        "parties": [forms.Who(role="provider", id="LEIXG-1", name="A <b>firm</b>")],
        "seen": {"bytes": 5, "sink": "x.example"},
        "evidence": [forms.Leaf(rid=a_rid("e"), kind="event", index=7, digest="ab" * 32, proof=["aa=="])],
        "around": [forms.ActAround(rid=a_rid("a"), at=AT - 5, act="generation", decision="permit", ended="done")],
        "orders": [forms.Order(rid=a_rid("o"), kind="suspend", scope="copy", what="small", at=AT + 1, until=0,
                               by=["detector"], reason="RL1d", released="", bound_ms=60_263)],
        "rings": forms.Rings(systems=3, managed=2, cooperating=0, uncontrolled=1, open_weights=1),
        "last_action": forms.last_action([100, 900], 2),
        "receipts": [forms.Receipt(rid=a_rid("r"), holder="gw", received=AT + 9, last=AT + 3, in_flight=1,
                                   state="stopped")],
        "in_flight": 1, "violations": [a_rid("v")], "clocks": forms.started(run),
        "checkpoint": "log.example\n9\nroot=\n\n— s\n",
    }  # fmt: skip
    return forms.PageOfFacts(**(given | more))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("regime", regimes().regime, ids=lambda regime: str(regime.id))
def test_each_form_is_filled_from_records(regime: Any, lang: str) -> None:
    form = forms.fill(report(), regime, lang)
    assert list(form.fields) == [field.id for field in regime.fields]
    answered = {field.id for field in regime.fields if field.fact}
    assert {name for name, text in form.fields.items() if text} == answered, "the rest is left to people, and empty"
    assert form.clocks
    assert {clock.regime for clock in form.clocks} == {regime.id}
    assert all(regime.zone in clock.written for clock in form.clocks if not clock.waits)


def test_rings_are_never_counted_together() -> None:
    text = forms.answer(report(), "reach", "UTC")
    assert "managed copies 2 (the bound holds)" in text
    assert "uncontrolled: seen 1" in text
    assert "no claim" in text


def test_quantiles_are_values_that_were_measured() -> None:
    assert forms.last_action([], 4) == forms.LastAction(copies=4, acted_after=0, p50=0, p99=0, max=0)
    found = forms.last_action([*range(1, 101)], 200)
    assert (found.p50, found.p99, found.max, found.acted_after) == (50, 99, 100, 100)
    assert forms.last_action([7], 1).p50 == 7


def test_where_nothing_acted_after_the_order_no_figure_is_given() -> None:
    none = report(last_action=forms.last_action([], 3), violations=[])
    assert forms.answer(none, "violations", "UTC") == "no action after the order (3 copies); violations 0"
    assert "ms" not in forms.answer(none, "violations", "UTC", "zh")
    assert "p50 100 ms, p99 900 ms, max 900 ms (2 of 2 copies)" in forms.answer(report(), "violations", "UTC")
    assert "最大 900 ms（2 个副本中的 2 个）" in forms.answer(report(), "violations", "UTC", "zh")


def test_a_stop_without_an_incident() -> None:
    found = report(line=None)
    assert "officers" in forms.answer(found, "line", "UTC")
    assert forms.answer(report(orders=[]), "measures", "UTC") == "recorded; no order was given"


def test_what_no_person_judged_says_so() -> None:
    assert "not yet judged" in forms.answer(report(), "harms", "UTC")
    assert "not yet judged" not in forms.answer(report(judged=True), "harms", "UTC")


def test_a_fact_that_there_is_not_is_a_defect() -> None:
    with pytest.raises(KeyError):
        forms.answer(report(), "mood", "UTC")
