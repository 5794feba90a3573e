# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.errors.codes.officer import ENTRIES


def test_a_bad_roster_is_told_apart_from_one_that_lacks_signatures() -> None:
    assert ENTRIES["officer.malformed"].exit == 2
    assert ENTRIES["officer.quorum"].exit == ENTRIES["officer.consent"].exit == 1
    assert ENTRIES["officer.none"].exit == 3
    assert {ENTRIES["officer.sequence"].exit, ENTRIES["officer.staged"].exit} == {5}
