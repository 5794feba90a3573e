# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.control.subjects import subject
from tests.unit.control.house import House
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


def test_what_is_no_action_is_refused(house: House) -> None:
    for rid in ("a" * 32, house.system("base").rid):
        with refused("privacy.unknown"):
            house.run(subject(house.services.reader, rid))
