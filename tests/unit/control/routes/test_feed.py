# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64

from answerable.log import trust
from answerable.model.terms import Role
from answerable.privacy import feed
from answerable.registry.requests import PartySpec
from tests.unit.control.house import MAKER, OPERATOR, House
from tests.unit.control.privacy import refused
from tests.unit.control.routes.test_data import as_party


def test_an_operator_gets_it_to_publish_others_do_not(house: House) -> None:
    answer = house.get("/feed/pages")
    page, _ = feed.verify(base64.b64decode(answer["pages"][0]), trust.parse(house.core.trust), feed.Cursor())
    assert page.number == 1
    assert not answer["more"]
    with refused("admin.role"):
        house.get("/feed/pages", "officer-1")


def test_an_authority_reads_it_by_its_own_key_and_no_other_party(house: House) -> None:
    owner = house.key_of(MAKER)
    with refused("privacy.authority"):
        as_party(house, *owner, "/feed")
    watched = (PartySpec(party=OPERATOR, role=Role.PROVIDER), PartySpec(party=MAKER, role=Role.AUTHORITY))
    house.run(house._register("watched", "model", watched))
    answer = as_party(house, *owner, "/feed")
    assert [base64.b64decode(page) for page in answer["pages"]] == [
        base64.b64decode(page) for page in house.get("/feed/pages")["pages"]
    ]
    assert as_party(house, *owner, "/feed", after=len(answer["pages"]))["pages"] == []
    with refused("privacy.authority"):
        as_party(house, *house.key_of(OPERATOR), "/feed")
    rid, key = house.start_copy("helper")
    with refused("admin.unknown_key"):
        as_party(house, key, rid, "/feed")
