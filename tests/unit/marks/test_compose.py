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
from answerable.model.terms import Act, Audience
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


def made(audience: Audience, action: Action = ACTION, provider: str = "PROVIDER") -> Label:
    caller: Any = SimpleNamespace(warrant=SimpleNamespace(audience=audience, party="party-rid"))
    model: Any = SimpleNamespace(system=SimpleNamespace(rid="model-rid"))
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
    caller: Any = SimpleNamespace(warrant=SimpleNamespace(audience=Audience.PUBLIC, party="party-rid"))
    model: Any = SimpleNamespace(system=SimpleNamespace(rid="model-rid"))
    label = compose(action=ACTION, caller=caller, model=model, record="r", provider="P", words_mark=WordsMark.GREEDY)
    assert label.words is WordsMark.GREEDY
    assert made(Audience.PUBLIC).words is WordsMark.UNKNOWN


def test_no_label_without_a_producer() -> None:
    for provider in ("", "has space"):
        with pytest.raises(VerificationError):
            made(Audience.PUBLIC, provider=provider)
