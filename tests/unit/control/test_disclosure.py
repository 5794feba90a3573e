# SPDX-License-Identifier: Apache-2.0
"""What was said leaves under a grant and in no other way."""

from __future__ import annotations

from typing import Any

import msgspec

from answerable.control.disclosure import disclose
from answerable.log.commitment import check
from answerable.log.leaf import decode
from answerable.model.leaves import CloseLeaf, OpenLeaf, ReadLeaf
from answerable.model.records import Admin
from answerable.model.units import Space
from answerable.privacy import grants
from tests.unit.control.house import OPERATOR, House
from tests.unit.control.privacy import grant, refused


def admin(house: House, name: str) -> Admin:
    found = house.core.book.admin(house.person(name).kid)
    assert found is not None
    return found


def reading(house: House, record: str, granted: str, who: str, *groups: str) -> ReadLeaf:
    return msgspec.convert(house.signed(grants.read_statement(granted, record, groups), who), ReadLeaf)


def test_disclosures_match_what_the_leaves_commit_to(house: House) -> None:
    record = house.act("Told in confidence.")
    granted = grant(house, record, "admin", house.key_of(OPERATOR))["rid"]
    leaf = reading(house, record, granted, "admin", "in", "out")
    parts = house.run(disclose(house.services, admin(house, "admin"), leaf))
    assert [part.group for part in parts] == ["in", "out"]
    for part in parts:
        data = house.run(house.services.reader.find(part.rid))
        assert data is not None
        held: Any = decode(data)
        assert isinstance(held, OpenLeaf | CloseLeaf)
        check(held.c.in_ if part.group == "in" else held.c.out, part.group, part.salt, part.body)  # type: ignore[union-attr]
    assert b"Told in confidence." in parts[1].body
    assert [row for _, row in house.core.book.rows(Space.READS)]


def test_the_reading_is_on_record_before_anything_is_handed_out(house: House) -> None:
    record = house.act("Told in confidence.")
    granted = grant(house, record, "admin", house.key_of(OPERATOR))["rid"]
    leaf = reading(house, record, granted, "admin", "out")
    size = house.core.ledger._writer._frontier.size  # type: ignore[union-attr]
    house.run(disclose(house.services, admin(house, "admin"), leaf))
    last = house.run(house.services.reader.tail(size, size + 9))
    recorded = decode(last[0])
    assert isinstance(recorded, ReadLeaf)
    assert (recorded.of, recorded.grant, recorded.grps) == (record, granted, ["out"])


def test_a_reading_of_nothing_is_not_recorded(house: House) -> None:
    record = house.act("Told in confidence.")
    granted = grant(house, record, "admin", house.key_of(OPERATOR))["rid"]
    before = len(list(house.core.book.rows(Space.READS)))
    with refused("privacy.not_kept"):
        house.run(disclose(house.services, admin(house, "admin"), reading(house, record, granted, "admin", "ctx")))
    assert len(list(house.core.book.rows(Space.READS))) == before


def test_without_a_grant_it_says_no_whatever_is_kept(house: House) -> None:
    record = house.act("Told in confidence.")
    other = house.act("Told to another.")
    granted = grant(house, other, "admin", house.key_of(OPERATOR))["rid"]
    for which, groups in ((granted, ("in",)), (granted, ("ctx",))):
        with refused("privacy.grant"):
            house.run(disclose(house.services, admin(house, "admin"), reading(house, record, which, "admin", *groups)))
    close = house.run(house.services.reader.close_of(record))
    assert close is not None
    with refused("privacy.malformed"):
        house.run(disclose(house.services, admin(house, "admin"), reading(house, close, granted, "admin", "out")))
