# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.model.actions import Spent
from answerable.model.budgets import Amount
from answerable.model.terms import Measure
from answerable.model.tools import MeterKind, ToolMeter
from answerable.tools.wanted import DEFAULT_TOKENS, TEMPLATE_TOKENS, Prices, kinds, of_call, of_generation, used
from tests.unit.tools.a_family import call, generation, tool

PRICES = Prices(mj_per_token=2.5, currency="CNY", price_in=1.5, price_out=10)


def of(amounts: tuple[Amount, ...]) -> dict[str, int]:
    return {f"{each.kind.value} {each.currency}".strip(): each.amount for each in amounts}


def test_a_generation_is_bounded_by_its_bytes_and_by_what_it_asks_for() -> None:
    into = 100 + TEMPLATE_TOKENS
    assert of(of_generation(generation(max_tokens=50), PRICES)) == {
        "calls": 1, "tokens": into + 50, "energy": (into + 50) * 5 // 2, "money CNY": into * 3 // 2 + 500,
    }  # fmt: skip
    assert of(of_generation(generation(max_completion_tokens=50, max_tokens=10, n=3), Prices()))["tokens"] == into + 150
    assert of(of_generation(generation(max_output_tokens=7), Prices())) == {"calls": 1, "tokens": into + 7}
    assert of(of_generation(generation(), Prices()))["tokens"] == into + DEFAULT_TOKENS


@pytest.mark.parametrize("told", [-1, 0, True, "100000", float("nan"), [5], {}])
@pytest.mark.parametrize("name", ["max_completion_tokens", "max_tokens", "max_output_tokens", "n_predict"])
def test_a_limit_that_is_none_is_no_limit(name: str, told: object) -> None:
    """Of -1 some servers write without end."""
    into = 100 + TEMPLATE_TOKENS
    assert of(of_generation(generation(n=-1, **{name: told}), Prices()))["tokens"] == into + DEFAULT_TOKENS
    others = {"max_tokens": 1, "n_predict": 1, name: told}
    assert of(of_generation(generation(**others), Prices()))["tokens"] == into + DEFAULT_TOKENS


def test_the_highest_limit_counts_whatever_its_name() -> None:
    into = 100 + TEMPLATE_TOKENS
    for told in (100_000, 99_999.5):
        assert of(of_generation(generation(max_tokens=1, n_predict=told), Prices()))["tokens"] == into + 100_000
    for told in (10**30, float("inf")):
        assert of(of_generation(generation(max_tokens=told), Prices()))["tokens"] == 2**53 - 1
    several = generation(max_tokens=10, n=2, best_of=5, prompt=["a", [1, 2], "c"])
    assert of(of_generation(several, Prices()))["tokens"] == into + 10 * 5 * 3
    assert of(of_generation(generation(max_tokens=10, prompt=[1, 2, 3]), Prices()))["tokens"] == into + 10


def test_where_no_usage_was_told_at_least_what_was_reserved_was_used() -> None:
    row = of_generation(generation(max_tokens=50), PRICES)
    cut = Spent(0, 3, 5, 9_999, Measure.MEASURED, 8, "CNY", told=False, whole=False)
    assert of(used(row, cut, call=False)) == of(row) | {"energy": 9_999}
    more = Spent(0, 10_000, 5, 0, Measure.ESTIMATED, told=False)
    assert of(used(row, more, call=False)) == of(row) | {"tokens": 10_000}


def test_pictures_and_speech_of_a_whole_answer_were_seen() -> None:
    row = of_generation(generation(prompt="a", n=4, input="twelve chars", voice="a", max_tokens=1), Prices())
    assert of(row)["speech"] == 3_000
    came = Spent(0, 0, 5, 0, Measure.ESTIMATED, speech_ms=900, told=False)
    assert of(used(row, came, call=False))["speech"] == 900
    cut = Spent(0, 0, 5, 0, Measure.ESTIMATED, speech_ms=900, told=False, whole=False)
    assert of(used(row, cut, call=False))["speech"] == 3_000


def test_pictures_and_speech_are_bounded_too() -> None:
    pictures = generation(prompt="a cat", n=4)
    del pictures.request["messages"]
    assert of(of_generation(pictures, Prices()))["images"] == 4
    assert of(of_generation(generation(input="twelve chars", voice="a"), Prices()))["speech"] == 3_000


def test_what_was_used_is_what_was_measured() -> None:
    spent = Spent(10, 20, 5, 70, Measure.MEASURED, 33, "CNY", images=2, speech_ms=900)
    row = of_generation(generation(max_tokens=50), PRICES)
    assert of(used(row, spent, call=False)) == {
        "calls": 1, "tokens": 30, "energy": 70, "money CNY": 33, "images": 2, "speech": 900,
    }  # fmt: skip
    paid = of_call(call("bank", "pay", amount="12.5"), tool("pay", ToolMeter(kind=MeterKind.MONEY, amount="/amount")))
    assert used(paid, spent, call=True) == paid


def test_a_tool_call_takes_what_its_arguments_say() -> None:
    money = ToolMeter(kind=MeterKind.MONEY, amount="/amount/value", currency_at="/amount/currency")
    action = call("bank", "pay", amount={"value": "12.34", "currency": "CNY"})
    assert of(of_call(action, tool("pay", money))) == {"calls": 1, "money CNY": 12_340_000}
    assert kinds(action, tool("pay", money)) == ((MeterKind.MONEY, "CNY"),)
    cents = ToolMeter(kind=MeterKind.MONEY, amount="/cents", minor=2, currency="EUR")
    assert of(of_call(call("bank", "pay", cents=1234), tool("pay", cents))) == {"calls": 1, "money EUR": 12_340_000}
    most = ToolMeter(kind=MeterKind.ENERGY, amount="/joule", most=500)
    assert of(of_call(call("oven", "heat"), tool("heat", most))) == {"calls": 1, "energy": 500}
    assert of(of_call(call("oven", "heat", joule=0.5), tool("heat", most))) == {"calls": 1, "energy": 1}
    assert of(of_call(call("x", "y"), tool("y", ToolMeter(kind=MeterKind.CALLS)))) == {"calls": 1}


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"amount": None},
        {"amount": -1},
        {"amount": "-1"},
        {"amount": "1e9"},
        {"amount": True},
        {"amount": [1]},
        {"amount": "12,5"},
        {"amount": 10**17},
        {"amount": float("inf")},
    ],
)
def test_an_amount_that_is_none_is_refused(arguments: dict[str, object]) -> None:
    meter = ToolMeter(kind=MeterKind.MONEY, amount="/amount", currency="EUR")
    with pytest.raises(Refused, match=r"budget\.untold"):
        of_call(call("bank", "pay", **arguments), tool("pay", meter))


@pytest.mark.parametrize("currency", [None, "eur", "EURO", "", 5, "ЕUR"])
def test_a_currency_that_is_none_is_refused(currency: object) -> None:
    meter = ToolMeter(kind=MeterKind.MONEY, amount="/amount", currency_at="/currency")
    with pytest.raises(Refused, match=r"budget\.untold"):
        of_call(call("bank", "pay", amount=1, currency=currency), tool("pay", meter))
