# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app.people import Person, read, write
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused
from answerable.model.terms import AdminRole

PERSON = Person("anna", "k" * 32, (AdminRole.OFFICER,), Key.from_seed(b"a" * 32))


def test_a_person_is_read_back(tmp_path: Path) -> None:
    card = write(tmp_path / "people", PERSON)
    found = read(card)
    assert (found.name, found.kid, found.roles) == (PERSON.name, PERSON.kid, PERSON.roles)
    assert found.key.public == PERSON.key.public
    assert card.with_suffix(".key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("harm", ["{", "[]", '{"name": "anna"}', '{"name": "a", "kid": "k", "roles": ["emperor"]}'])
def test_a_damaged_card_is_no_person(tmp_path: Path, harm: str) -> None:
    card = write(tmp_path, PERSON)
    card.write_text(harm)
    with pytest.raises(Refused, match=r"admin\.no_key"):
        read(card)
