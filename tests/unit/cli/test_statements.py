# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse

import pytest

from answerable.cli.session import session
from answerable.cli.statements import needed, opening, party_card, person_of, said
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused
from answerable.privacy.statements import Words
from tests.unit.control.house import OPERATOR, House


@pytest.fixture
def args(house: House) -> argparse.Namespace:
    return argparse.Namespace(store=str(house.store), config=None, who=["admin"], json=False)


def test_an_action_is_named_by_either_leaf_or_its_label(house: House, args: argparse.Namespace) -> None:
    record = house.act("Named.")
    close = house.run(house.services.reader.close_of(record))
    here = session(args)
    for name in (record, close, f"chatcmpl-{record}"):
        assert opening(here, str(name))["rid"] == record
    assert opening(here, record)["k"] == "open"
    with pytest.raises(Refused, match=r"privacy\.unknown"):
        opening(here, house.system("base").rid)
    with pytest.raises(Refused, match=r"admin\.not_found"):
        opening(here, "a" * 32)


def test_a_person_is_named_as_enrolled_or_by_its_party(house: House, args: argparse.Namespace) -> None:
    here = session(args)
    admin = house.core.book.admin(house.person("officer-1").kid)
    assert admin is not None
    party = house.core.book.party(admin.person)
    assert party is not None
    assert {person_of(here, name) for name in ("officer-1", party.id, party.rid)} == {party.rid}
    with pytest.raises(Refused):
        person_of(here, "nobody")


def test_words_travel_with_the_salt_of_their_commitment() -> None:
    words = Words.of("basis", "why")
    assert said(words)["text"] == "why"
    assert unb64u(said(words)["salt"]) == words.salt


def test_a_party_without_a_key_here_signs_nothing(house: House, args: argparse.Namespace) -> None:
    party = house.core.book.party(OPERATOR)
    assert party is not None
    with pytest.raises(Refused, match=r"party\.no_key"):
        party_card(session(args), party.rid, "")
    with pytest.raises(Refused, match=r"admin\.no_key"):
        party_card(session(args), party.rid, "/nowhere/card.json")


def test_what_is_missing_is_named() -> None:
    needed(argparse.Namespace(), basis="x")
    with pytest.raises(Refused, match="--basis"):
        needed(argparse.Namespace(), to="x", basis="")
