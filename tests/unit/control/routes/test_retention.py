# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

from answerable.config import RetentionRule
from answerable.control.routes.retention import retention
from answerable.control.routing import Call
from answerable.model.terms import DataClass
from answerable.privacy.retention import Retention
from tests.unit.control.house import House

DAY = 86_400_000


def test_it_counts_what_is_kept_by_its_day(house: House) -> None:
    before = {day["until"]: day["payloads"] for day in house.get("/retention")["kept"]}
    house.act("Kept for a while.")
    found = house.get("/retention")
    until = (house.core.now // DAY + 30 + 1) * DAY
    after = {day["until"]: day["payloads"] for day in found["kept"]}
    assert after[until] == before.get(until, 0) + 2
    assert after[0] >= 4  # names of parties last
    assert found["default"] == 30
    assert not any(day["overdue"] for day in found["kept"])


def test_it_shows_the_rules(house: House) -> None:
    rules = (RetentionRule(days=7, data_class=DataClass.CONFIDENTIAL),)
    services = dataclasses.replace(house.services, retention=Retention(rules, 90, house.core.book))
    shown = house.run(retention(services, Call(None)))
    assert (shown.rules, shown.default) == (list(rules), 90)
