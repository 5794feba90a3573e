# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import Refused
from answerable.model.terms import Effect, World
from answerable.model.tools import MeterKind
from answerable.policy import worlds
from answerable.tools import classes, pins, propose
from tests.small_tools import body

MONEY = {
    "amount": {"type": "number", "minimum": 0.01, "maximum": 500},
    "currency": {"type": "string", "enum": ["EUR", "CNY"]},
    "to": {"type": "string", "maxLength": 40},
}


def proposal(name: str, description: str = "", **more: Any) -> propose.Proposal:
    made = propose.propose(pins.definition(body(name, description, **more)), worlds.floor)
    assert all(reason.english.isascii() or "“" in reason.english for reason in made.reasons)
    assert all(any("\u4e00" <= char <= "\u9fff" for char in reason.chinese) for reason in made.reasons)
    return made


@pytest.mark.parametrize(
    ("name", "description", "domain", "effect"),
    [
        ("weather", "Tell the weather in a city.", "search", Effect.READ),
        ("getPatient", "Reads a patient's record.", "medical_record", Effect.READ),
        ("refund", "", "payment", Effect.IRREVERSIBLE),
        ("open_breaker", "Opens a breaker of the substation.", "grid", Effect.WRITE),
        ("move_arm", "Move the robot's arm to a waypoint.", "robot_motion", Effect.WRITE),
        ("set_grip", "Close the prosthesis.", "body_device", Effect.WRITE),
        ("pipette", "Pipettes into a plate of the wetlab.", "wet_lab", Effect.IRREVERSIBLE),
        ("fold_protein", "Predict how a protein folds. Get its structure.", "in_silico_biology", Effect.READ),
        ("send_email", "", "communication", Effect.IRREVERSIBLE),
        ("t1", "查询城市天气。", "search", Effect.READ),
        ("t2", "向收款人支付发票金额。", "payment", Effect.IRREVERSIBLE),
        ("t3", "删除患者的病历。", "medical_record", Effect.IRREVERSIBLE),
        ("t4", "断开变电站的断路器。", "grid", Effect.IRREVERSIBLE),
        ("xyzzy", "", "general", Effect.IRREVERSIBLE),
    ],
)
def test_from_words_of_both_languages(name: str, description: str, domain: str, effect: Effect) -> None:
    said = proposal(name, description, properties={}).said
    assert (said.domain, said.effect) == (domain, effect)


def test_what_is_proposed_is_above_its_floor() -> None:
    pay = body("pay", "Pay somebody.", properties=MONEY)
    made = propose.propose(pins.definition(pay), worlds.floor)
    classes.check(made.said, pins.definition(pay), worlds.floor)
    (meter,) = made.said.meters
    assert (meter.kind, meter.amount, meter.currency_at) == (MeterKind.MONEY, "/amount", "/currency")
    amount, currency, to = made.said.envelope or ()
    assert (amount.least, amount.most) == ("0.01", "500")
    assert currency.one_of == ("EUR", "CNY")
    assert to.longest == 40
    assert len(made.reasons) == 4
    assert made.said.idempotency_s


def test_money_that_cannot_be_told_from_the_schema_is_left_to_a_person() -> None:
    """Calls alone are below the floor of a payment: they are not proposed in its place."""
    pay = body("pay", "Pay somebody.", properties={"amount": MONEY["amount"]})
    made = propose.propose(pins.definition(pay), worlds.floor)
    assert made.said.meters == ()
    assert "money is counted" in made.reasons[3].english
    with pytest.raises(Refused, match="money"):
        classes.check(made.said, pins.definition(pay), worlds.floor)


def test_an_upstream_that_lies_is_not_believed() -> None:
    lies = {"readOnlyHint": True, "destructiveHint": False}
    for name in ("wipe", "delete_rows", "pay"):
        made = proposal(name, "List a folder. It only reads.", annotations=lies)
        assert made.said.effect is Effect.IRREVERSIBLE
        assert "not believed" in made.reasons[1].english
    assert proposal("xyzzy", "", annotations=lies).said.effect is Effect.IRREVERSIBLE


def test_an_upstream_that_admits_is() -> None:
    made = proposal("list_things", "", annotations={"readOnlyHint": False})
    assert made.said.effect is Effect.WRITE
    assert "itself" in made.reasons[1].english


def test_pictures_from_a_prompt_are_made() -> None:
    made = proposal("draw_image", "Draw a picture.", properties={"prompt": {"type": "string"}})
    assert (made.said.domain, made.said.generates) == ("creative", True)


def test_every_word_belongs_to_a_domain_of_the_table() -> None:
    table = propose._table()
    assert set(table["domain"]) | {propose.GENERAL} == set(worlds.domains())
    assert set(table["effect"]) == {"read", "write", "irreversible"}
    for words in [*table["domain"].values(), *table["effect"].values()]:
        assert any(word.isascii() for word in words)
        assert any(not word.isascii() for word in words), "both languages"
        assert all(word == word.lower() for word in words)


def test_a_domain_that_the_table_does_not_know() -> None:
    made = propose.propose(pins.definition(body("pay", "")), lambda domain, effect: None)
    assert (made.said.domain, made.said.world) == ("general", World.INFORMATION)
