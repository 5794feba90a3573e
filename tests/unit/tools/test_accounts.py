# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec

from answerable.model.budgets import Limit
from answerable.model.units import Put, Space
from answerable.tools.accounts import Account, account, founder, makers, pots, tier
from tests.unit.tools.a_family import Family


def of(family: Family, copy: str, tool: str = "") -> Account:
    found = family.book.copy(copy)
    assert found is not None
    return account(family.book, found.system, copy, family.firm.rid, tool)


def test_a_family_draws_on_what_its_founder_may() -> None:
    family = Family()
    who = of(family, family.leaf.rid)
    assert [level.system for level in who.levels] == [family.grandchild.rid, family.child.rid, family.founder.rid]
    assert [level.copy for level in who.levels] == [family.leaf.rid, family.branch.rid, family.root.rid]
    assert [each.rid for each in makers(family.book, family.grandchild)] == [family.child.rid, family.founder.rid]
    assert pots(Limit(system="*"), who) == tuple(f"system={level.system}" for level in who.levels)
    assert pots(Limit(copy="*"), who) == tuple(f"copy={level.copy}" for level in who.levels)
    for named in ("founder", family.founder.id, family.founder.rid):
        assert pots(Limit(system=named), who) == (f"system={named}",)
    assert pots(Limit(copy=family.root.id), who) == (f"copy={family.root.id}",)
    assert len(pots(Limit(system="*", copy="*"), who)) == 3  # pairs of one level, not all with all
    apart = of(family, family.apart.rid)
    assert pots(Limit(system="founder"), apart) == ()
    assert pots(Limit(system="*"), apart) == (f"system={family.other.rid}",)


def test_a_family_is_judged_at_the_highest_tier_of_who_acts_and_who_is_above() -> None:
    family = Family()
    assert tier(family.book, family.grandchild) == 0
    rows = {}
    for made, high in ((family.founder, 3), (family.child, 2), (family.grandchild, 1)):
        row = rows[made.rid] = msgspec.structs.replace(made, tier=high)
        family.book.apply((Put(Space.SYSTEMS, row.rid, msgspec.json.encode(row)),))
    assert [tier(family.book, row) for row in rows.values()] == [3, 3, 3]
    assert tier(family.book, family.other) == 0
    low = rows[family.founder.rid] = msgspec.structs.replace(family.founder, tier=0)
    family.book.apply((Put(Space.SYSTEMS, low.rid, msgspec.json.encode(low)),))
    assert [tier(family.book, row) for row in rows.values()] == [0, 2, 2]


def test_a_family_has_one_founder() -> None:
    family = Family()
    for each in (family.founder, family.child, family.grandchild):
        assert founder(family.book, each.rid) == family.founder.rid
    assert founder(family.book, family.other.rid) == family.other.rid
    assert founder(family.book, "unknown") == "unknown"


def test_parties_tools_and_everybody() -> None:
    family = Family()
    who = of(family, family.root.rid, "bank/pay")
    assert pots(Limit(), who) == ("",)
    assert pots(Limit(party="*"), who) == (f"party={family.firm.rid}",)
    assert pots(Limit(party=family.firm.id), who) == (f"party={family.firm.id}",)
    assert pots(Limit(party="somebody"), who) == ()
    assert pots(Limit(tool="*"), who) == ("tool=bank/pay",)
    assert pots(Limit(tool="bank/*"), who) == ("tool=bank/*",)
    assert pots(Limit(tool="bank/pay", party="*"), who) == (f"party={family.firm.rid} tool=bank/pay",)
    assert pots(Limit(tool="map/*"), who) == ()
    assert pots(Limit(tool="*"), of(family, family.root.rid)) == ()
