# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.control.subjects import person, subject
from answerable.crypto.random import opaque_id
from answerable.model.units import Expect, Space
from tests.unit.control.house import OPERATOR, REGISTRAR, House
from tests.unit.control.privacy import refused


def test_an_action_is_found_by_either_of_its_leaves(house: House) -> None:
    record = house.act("Said.")
    reader = house.services.reader
    found = house.run(subject(reader, record))
    close = house.run(reader.close_of(record))
    assert close is not None
    assert house.run(subject(reader, close)) == found
    assert found.record == record
    assert [rid for _, rid in found.leaves] == [record, close]
    assert found.leaves[1][0] == found.leaves[0][0] + 1
    assert found.systems == (house.system("helper").rid, house.system("small").rid)
    assert house.core.book.party(found.party) is not None
    assert found.ended


def test_each_leaf_that_commits_to_a_persons_name_is_found(house: House) -> None:
    reader, book = house.services.reader, house.core.book
    ref = f"PERSON-{opaque_id()}"
    rid = house.post("/parties", {"id": ref, "name": "Somebody"})["rid"]
    party = book.party(rid)
    assert party is not None
    assert [each for _, each in house.run(person(reader, book, party)).leaves] == [rid]
    house.run(house._vouch(ref, *house.key_of(REGISTRAR, registrar=True)))
    house.act("In between.")
    party = book.party(rid)
    assert party is not None
    found = house.run(person(reader, book, party))
    assert found.rests == (Expect(Space.PARTIES, rid, book.raw(Space.PARTIES, rid)),)
    assert [each for _, each in found.leaves] == [rid, party.stands]
    assert all(house.run(reader.prove(each)).index == index for index, each in found.leaves)
    assert (found.record, found.party, found.ended) == (rid, rid, True)
    firm = book.party(OPERATOR)
    assert firm is not None
    with refused("privacy.organisation"):
        house.run(person(reader, book, firm))


def test_what_is_no_action_is_refused(house: House) -> None:
    for rid in ("a" * 32, house.system("base").rid):
        with refused("privacy.unknown"):
            house.run(subject(house.services.reader, rid))
