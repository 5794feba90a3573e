# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.admission.stopset import StopSet
from answerable.errors import Refused
from answerable.model.records import PartyRole
from answerable.model.terms import Relation, Role
from answerable.warrants.eligible import Eligible, eligible
from tests.fleet import a_rid, sha
from tests.unit.warrants.office import Office


def ask(office: Office, copy: str = "") -> Eligible:
    stops = StopSet.of(office.book.stops())
    return eligible(
        office.book, stops, copy or office.copies["tuned"].rid, lapsed=office.lapsed, now_ms=office.clock.now
    )


def code(office: Office, copy: str = "") -> str:
    with pytest.raises(Refused) as refusal:
        ask(office, copy)
    return refusal.value.code


def test_names_system_party_and_all_numbers() -> None:
    office = Office()
    found = ask(office)
    assert found.numbers == (office.base.num, office.quant.num, office.tuned.num)
    assert found.party == office.maker
    assert ask(office, office.copies["tuned"].id) == found


def test_the_deployer_answers_where_there_is_one() -> None:
    office = Office()
    both = (PartyRole(party=office.maker.rid, role=Role.PROVIDER), PartyRole(party=office.firm.rid, role=Role.DEPLOYER))
    office.replace(msgspec.structs.replace(office.tuned, parties=both))
    assert ask(office).party == office.firm


def test_ended_and_unknown_copies() -> None:
    office = Office()
    assert code(office, a_rid("none")) == "warrant.unregistered"
    office.end(office.copies["tuned"])
    assert code(office) == "warrant.copy_ended"


def test_unmet_duties_are_named() -> None:
    office = Office()
    office.unmet["tuned"] = ("licence", "digest")
    with pytest.raises(Refused) as refusal:
        ask(office)
    assert (refusal.value.code, refusal.value.params["duties"]) == ("warrant.duty", "licence, digest")


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"scope": "all", "root": "", "num": 0},
        {"scope": "world", "root": "information", "num": 0},
        {"scope": "system", "num": 9_999, "twins": (3,)},
        {"num": 9_999, "digests": (sha("tuned"),)},
    ],
)
def test_whatever_stops_it(changed: dict[str, Any]) -> None:
    office = Office()
    office.stop(**changed)
    assert code(office) == "stop.system"


def test_a_stop_of_any_of_its_parties() -> None:
    office = Office()
    both = (PartyRole(party=office.firm.rid, role=Role.DEPLOYER), PartyRole(party=office.maker.rid, role=Role.PROVIDER))
    office.replace(msgspec.structs.replace(office.tuned, parties=both))
    office.stop(scope="party", root=office.maker.rid, num=0)
    assert code(office) == "stop.system"


def test_a_stop_of_its_copy_alone() -> None:
    office = Office()
    office.stop(scope="copy", root=office.copies["tuned"].rid, num=0)
    assert code(office) == "stop.system"
    assert ask(office, office.copies["quant"].rid)


def test_born_dead_and_reauthorised() -> None:
    office = Office()
    office.stop(num=9_999, digests=(sha("tuned"),))
    anew = office.system("anew", digests=(sha("tuned"),), reauthorises=a_rid("r"))
    copy = office.copy(anew)
    assert ask(office, copy.rid).system == anew
    office.replace(msgspec.structs.replace(anew, dead=a_rid("order")))
    assert code(office, copy.rid) == "stop.system"


def test_more_ancestors_than_a_warrant_names() -> None:
    office = Office()
    wide = office.system("wide", parents=((office.base, Relation.MERGE),))
    office.replace(msgspec.structs.replace(wide, ancestors=tuple(range(10_000, 10_256))))
    assert code(office, office.copy(wide).rid) == "warrant.ancestors"
