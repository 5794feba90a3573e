# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.app.relaying import OfficersNow
from answerable.app.rostered import AuthoritiesNow, NamesNow
from answerable.log.roster import key_id
from tests.fleet import Fleet, key


def test_what_the_roster_says_now_is_what_is_trusted_now() -> None:
    fleet = Fleet()
    keys, names, officers = AuthoritiesNow(fleet.book), NamesNow(fleet.book), OfficersNow(fleet.book)
    assert (len(keys), dict(names), len(officers)) == (0, {}, 5)
    ann, bo = fleet.officers[:2]
    fleet.roster(ann, bo, authorities=("Surveillance",))
    kid = key_id(key("Surveillance 1").public)
    assert keys[kid] == key("Surveillance 1").public
    assert names[kid] == "Surveillance"
    assert (len(keys), len(names), set(names.values())) == (2, 2, {"Surveillance"})
    assert set(officers) == {ann.rid, bo.rid}
    assert "x" not in keys
