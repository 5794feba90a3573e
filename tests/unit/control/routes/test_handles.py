# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import AnswerableError
from answerable.warrants.handles import digest_of
from tests.unit.control.house import House


def test_a_handle_is_shown_once_and_listed_by_its_digest(house: House) -> None:
    rid, _ = house.start_copy("other")
    done = house.post("/handles", {"copy": rid, "binding": "unix", "life": 60_000})
    assert done["value"].startswith("ans_")
    rows = house.get("/handles")
    assert digest_of(done["value"]) in {row["digest"] for row in rows}
    assert done["value"] not in str(rows)
    house.post("/handles/revoke", {"handle": done["row"]["rid"]})
    assert next(row for row in house.get("/handles") if row["rid"] == done["row"]["rid"])["revoked"] > 0
    with pytest.raises(AnswerableError, match=r"handle\.revoked"):
        house.post("/handles/revoke", {"handle": done["row"]["digest"]})
    with pytest.raises(AnswerableError, match=r"handle\.unknown"):
        house.post("/handles/revoke", {"handle": "nothing"})


def test_an_officer_issues_none(house: House) -> None:
    rid, _ = house.start_copy("other")
    with pytest.raises(AnswerableError, match=r"admin\.role"):
        house.post("/handles", {"copy": rid, "binding": "unix", "life": 60_000}, "officer-1")
