# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64

import msgspec
import pytest

from answerable.errors import AnswerableError
from answerable.log import trust
from answerable.marks import provider_code
from answerable.model.terms import OrderKind
from answerable.protocols.openai.content import Choice, body
from answerable.registry.ids import unassigned_uscc
from answerable.stops import orders
from answerable.verify.receipt import verify
from tests.unit.control.house import MAKER, OPERATOR, House
from tests.unit.control.routes.test_stops import order, signed


def test_a_record_is_found_by_its_id_and_by_its_words(house: House) -> None:
    record = house.act("Words that are found again.")
    by_id = house.post("/who", {"record": record})
    by_text = house.post("/who", {"texts": ["  Words that\nare found again. "]})
    assert by_id["record"] == by_text["record"] == record
    assert (by_id["content"], by_text["content"]) == ("not_compared", "same")
    for found in (by_id, by_text):
        assert verify(base64.b64decode(found["receipt"]), trust.parse(house.core.trust)).record == record


def test_content_is_compared(house: House) -> None:
    record = house.act("Exactly this.")
    same = base64.b64encode(body((Choice(text="Exactly this."),))).decode()
    other = base64.b64encode(body((Choice(text="Exactly that."),))).decode()
    assert house.post("/who", {"record": record, "content": same})["content"] == "same"
    assert house.post("/who", {"record": record, "content": other})["content"] == "differs"
    assert house.post("/who", {"record": record, "texts": ["Exactly that."]})["content"] == "differs"


def test_who_has_the_words_alone_is_not_told_what_was_thought_beside_them(house: House) -> None:
    """A short answer is soon guessed; what a model thought or called is read under a grant."""
    record = house.act("Yes.", thought="Her diagnosis says so.")
    whole = body((Choice(text="Yes.", reasoning="Her diagnosis says so."),))
    shown = {"content": base64.b64encode(whole).decode()}
    known = trust.parse(house.core.trust)
    for asked, content, out in (
        ({"texts": ["Yes."]}, "words", None),
        ({"record": record, "texts": ["Yes."]}, "words", None),
        ({"record": record, **shown}, "same", whole),
        ({"texts": ["Yes."], **shown}, "same", whole),
        ({"texts": ["Yes."], "content": base64.b64encode(body((Choice(text="Yes."),))).decode()}, "words", None),
    ):
        found = house.post("/who", asked)
        assert (found["record"], found["content"]) == (record, content)
        assert verify(base64.b64decode(found["receipt"]), known).content("out") == out


def test_the_newest_of_several_is_shown(house: House) -> None:
    house.act("Said twice.")
    second = house.act("Said twice.")
    found = house.post("/who", {"texts": ["Said twice."]})
    assert (found["record"], found["matches"]) == (second, 2)


def test_unknown_words_and_ids_are_not_found(house: House) -> None:
    for asked, code in (
        ({"texts": ["Never said."]}, "admin.nobody"),
        ({"record": "a" * 32}, "admin.not_found"),
        ({}, "admin.nobody"),
    ):
        with pytest.raises(AnswerableError) as refused:
            house.post("/who", asked)
        assert (refused.value.code, refused.value.exit) == (code, 3)


def test_a_labels_producer_is_compared_with_who_runs_the_gateway(house: House) -> None:
    record = house.act("Whose is this?")
    uscc = OPERATOR.removeprefix("NTRCN-")
    for producer, answer in (
        ("", "not_compared"),
        (provider_code.make(uscc, "0000"), "same"),
        (provider_code.make(uscc, "A001"), "same"),
        (provider_code.make(unassigned_uscc("another").removeprefix("NTRCN-"), "0000"), "differs"),
        (MAKER, "differs"),
        ("nonsense", "differs"),
    ):
        assert house.post("/who", {"record": record, "producer": producer})["producer"] == answer, producer


def test_what_made_it_has_been_stopped_since(house: House) -> None:
    record = house.act("Said before the order.", caller="other")
    found = house.post("/who", {"record": record})
    assert (found["stopped"], found["stopped_at"]) == ("", 0)
    done = house.post("/stops", order(house, "other", OrderKind.SUSPEND, "officer-1"), "officer-1")["order"]
    try:
        found = house.post("/who", {"record": record})
        assert (found["stopped"], found["stopped_at"]) == (done["rid"], done["at"])
    finally:
        leaf = signed(house, orders.release_statement(done["rid"]), "officer-1", "officer-2")
        house.post("/stops/release", {"release": msgspec.to_builtins(leaf)}, "officer-1")
    assert house.post("/who", {"record": record})["stopped"] == "", "it was released, and acts again"
