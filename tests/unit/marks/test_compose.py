# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from answerable.errors import VerificationError
from answerable.marks.compose import compose
from answerable.model.actions import Action
from answerable.model.labels import Label, Place, WordsMark
from answerable.model.terms import Act, Audience, SystemKind
from answerable.model.warrants import Credential, Peer

ACTION = Action(
    act=Act.GENERATION,
    credential=Credential("x", Peer()),
    model="auto",
    request={},
    body=b"",
    stream=False,
    language="en",
)


def bearers(audience: Audience, kind: SystemKind = SystemKind.APPLICATION, made: SystemKind = SystemKind.MODEL) -> Any:
    warrant = SimpleNamespace(audience=audience, party="party-rid")
    caller = SimpleNamespace(warrant=warrant, system=SimpleNamespace(kind=kind))
    return caller, SimpleNamespace(system=SimpleNamespace(rid="model-rid", kind=made))


def made(audience: Audience, action: Action = ACTION, provider: str = "PROVIDER") -> Label:
    caller, model = bearers(audience)
    return compose(action=action, caller=caller, model=model, record="record-rid", provider=provider)


@pytest.mark.parametrize(
    ("audience", "place"),
    [(Audience.PUBLIC, Place.TEXT), (Audience.INTERNAL, Place.TEXT), (Audience.MACHINE, Place.FIELD)],
)
def test_the_audience_of_the_warrant_decides_where(audience: Audience, place: Place) -> None:
    label = made(audience)
    assert (label.explicit, label.place) == ("AI-generated", place)
    assert (label.record, label.party, label.system) == ("record-rid", "party-rid", "model-rid")
    assert (label.aigc.label, label.aigc.content_producer, label.aigc.produce_id) == ("1", "PROVIDER", "record-rid")


def test_a_text_that_must_stay_as_it_is_keeps_its_words_in_a_field() -> None:
    label = made(Audience.PUBLIC, replace(ACTION, explicit_in_text=False, language="zh"))
    assert (label.explicit, label.place, label.language) == ("AI生成", Place.FIELD, "zh")


def test_vectors_have_no_words() -> None:
    label = made(Audience.PUBLIC, replace(ACTION, act=Act.EMBEDDING))
    assert (label.explicit, label.place) == ("", Place.FIELD)


def test_what_was_done_for_a_mark_in_the_words_is_said() -> None:
    caller, model = bearers(Audience.PUBLIC)
    label = compose(action=ACTION, caller=caller, model=model, record="r", provider="P", words_mark=WordsMark.GREEDY)
    assert label.words is WordsMark.GREEDY
    assert made(Audience.PUBLIC).words is WordsMark.UNKNOWN


def test_no_label_without_a_producer() -> None:
    for provider in ("", "has space"):
        with pytest.raises(VerificationError):
            made(Audience.PUBLIC, provider=provider)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("audience", list(Audience))
def test_a_digital_human_says_what_it_is_whoever_asks(audience: Audience, place: int) -> None:
    kinds = [SystemKind.APPLICATION, SystemKind.MODEL]
    kinds[place] = SystemKind.DIGITAL_HUMAN
    caller, model = bearers(audience, *kinds)
    action = replace(ACTION, language="zh", explicit_in_text=False)
    label = compose(action=action, caller=caller, model=model, record="r", provider="P")
    assert label.notice == "AI生成的数字人，并非真人"
    assert made(audience).notice == ""


def test_people_are_told_in_pictures_even_where_text_must_stay_as_it_is() -> None:
    action = replace(ACTION, explicit_in_text=False)
    assert [made(audience, action).seen for audience in (Audience.PUBLIC, Audience.INTERNAL, Audience.MACHINE)] == [
        True, True, False,
    ]  # fmt: skip
