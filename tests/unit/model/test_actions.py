# SPDX-License-Identifier: Apache-2.0
import typing

import msgspec

from answerable.model.actions import Action, Facts
from answerable.model.terms import Act, Criticality, DataClass, World
from answerable.model.warrants import Credential, Peer


def test_facts_are_total() -> None:
    """The kernel's decision has no 'unknown' to fall through: no member is optional or has a default."""
    hints = typing.get_type_hints(Facts)
    for field in msgspec.structs.fields(Facts):
        assert field.required, field.name
        assert type(None) not in typing.get_args(hints[field.name]), field.name


def test_an_action_that_says_nothing_is_ordinary_information() -> None:
    action = Action(Act.GENERATION, Credential("", Peer()), "auto", {}, b"{}", stream=False, language="en")
    assert (action.world, action.criticality, action.data_class) == (
        World.INFORMATION,
        Criticality.ORDINARY,
        DataClass.OPEN,
    )
    assert action.explicit_in_text
    assert action.fault is None
