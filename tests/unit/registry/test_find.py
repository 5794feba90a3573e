# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.registry import find
from tests.small_registry import Registry


def test_each_thing_is_found_by_its_references_or_refused_by_its_own_code() -> None:
    registry = Registry()
    firm, person = registry.party(vouched=True), registry.person()
    system = registry.system(firm, "oracle")
    copy = registry.book.copy(registry.copy(system))
    assert copy is not None
    book = registry.book
    assert find.party(book, firm.id) == find.party(book, firm.rid) == firm
    assert find.person(book, person.id) == person
    assert find.system(book, "oracle") == find.system(book, system.id) == find.system(book, system.rid) == system
    assert find.copy(book, copy.id) == find.copy(book, copy.rid) == copy
    for look, ref, code in (
        (find.party, "x", "party.unknown"),
        (find.party, copy.rid, "party.is_system"),
        (find.person, firm.rid, "party.not_person"),
        (find.system, "x", "system.unknown"),
        (find.copy, "x", "system.copy_unknown"),
    ):
        with pytest.raises(Refused) as caught:
            look(book, ref)
        assert caught.value.code == code
