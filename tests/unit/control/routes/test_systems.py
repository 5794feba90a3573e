# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from urllib.parse import quote

import pytest

from answerable.errors import AnswerableError
from tests.unit.control.house import MAKER, House


def test_a_system_is_registered_from_what_was_announced(house: House) -> None:
    edges = [{"parent": "base", "relation": "finetune"}]
    told = house.post("/announcements", {"name": "tuned", "kind": "model", "party": MAKER, "edges": edges})
    assert [a["registered"] for a in house.get("/announcements") if a["announcement"]["rid"] == told["rid"]] == [""]
    done = house.post(
        "/systems",
        {
            "name": "tuned", "version": "1", "kind": "model", "parties": [{"party": MAKER, "role": "provider"}],
            "edges": edges, "announced": told["rid"], "licence": "MIT", "digests": ["sha256:" + "cd" * 32],
        },
    )  # fmt: skip
    assert done["lineage"]["ancestors"]["count"] == 1
    row = next(a for a in house.get("/announcements") if a["announcement"]["rid"] == told["rid"])
    assert row["registered"] == done["rid"]


def test_a_system_is_found_by_name_id_and_record(house: House) -> None:
    base = house.system("base")
    for ref in ("base", base.id, base.rid):
        assert house.get(f"/systems/{quote(ref, safe='')}")["rid"] == base.rid
    with pytest.raises(AnswerableError) as unknown:
        house.get("/systems/nobody")
    assert (unknown.value.code, unknown.value.exit) == ("system.unknown", 3)


def test_the_list_says_who_answers_and_how_many_run(house: House) -> None:
    before = next(row for row in house.get("/systems") if row["system"]["name"] == "other")
    house.start_copy("other")
    after = next(row for row in house.get("/systems") if row["system"]["name"] == "other")
    assert after["running"] == before["running"] + 1
    assert (after["party"], after["system"]["stopped"]) == ("Operator Ltd", "")


def test_a_family_keeps_dependents_apart(house: House) -> None:
    found = house.get("/lineage/base")["lineage"]
    assert "small" in {s["name"] for s in found["descendants"]["systems"]}
    assert [s["name"] for s in found["dependents"]["systems"]] == ["helper"]


def test_nothing_is_registered_without_a_party_or_under_an_unknown_parent(house: House) -> None:
    body = {"name": "x", "version": "1", "kind": "model", "parties": []}
    with pytest.raises(AnswerableError, match=r"system\.no_party"):
        house.post("/systems", body)
    edges = [{"parent": "nobody", "relation": "finetune"}]
    with pytest.raises(AnswerableError, match=r"system\."):
        house.post("/systems", {**body, "parties": [{"party": MAKER, "role": "provider"}], "edges": edges})
