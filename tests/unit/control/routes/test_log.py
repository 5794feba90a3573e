# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64

import pytest

from answerable.errors import AnswerableError
from answerable.log import checkpoint, trust
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import verify_consistency, verify_inclusion
from answerable.verify import cose
from tests.unit.control.house import House


def test_the_head_and_a_proof_verify(house: House) -> None:
    record = house.act("Proven.")
    logs = trust.parse(house.core.trust).logs
    head = house.get("/log/checkpoint")
    assert checkpoint.verify(head["note"].encode(), logs).size == head["size"]
    found = house.get(f"/log/prove/{record}")
    seen = checkpoint.verify(found["note"].encode(), logs)
    path = [base64.b64decode(node) for node in found["path"]]
    verify_inclusion(leaf_hash(base64.b64decode(found["leaf"])), found["index"], seen.size, path, seen.root)
    with pytest.raises(AnswerableError) as unknown:
        house.get(f"/log/prove/{'a' * 32}")
    assert unknown.value.exit == 3


def test_growth_is_proven_from_any_size_that_the_log_had(house: House) -> None:
    kept = trust.parse(house.core.trust).check(house.get("/log/checkpoint")["note"].encode())
    house.act("More.")
    found = house.get("/log/consistency", old=kept.size)
    head = trust.parse(house.core.trust).check(found["note"].encode())
    path = [base64.b64decode(node) for node in found["path"]]
    verify_consistency(kept.size, kept.root, head.size, head.root, path)
    signed = base64.b64decode(house.get("/log/cose", old=kept.size)["receipt"])
    assert cose.verify_consistency(signed, trust.parse(house.core.trust), kept).new >= head.size
    for size in (10**9, "x"):
        with pytest.raises(AnswerableError, match=r"admin\.request"):
            house.get("/log/consistency", old=size)
    with pytest.raises(AnswerableError, match=r"log\.proof"):
        house.get("/log/cose", old=0)


def test_a_cose_receipt_of_one_record(house: House) -> None:
    record = house.act("In COSE.")
    signed = base64.b64decode(house.get(f"/log/cose/{record}")["receipt"])
    assert cose.verify_leaf(signed, trust.parse(house.core.trust)).rid == record
    with pytest.raises(AnswerableError) as unknown:
        house.get(f"/log/cose/{'a' * 32}")
    assert unknown.value.exit == 3


def test_records_are_the_newest_or_those_asked_for(house: House) -> None:
    record = house.act("Newest.")
    newest = house.get("/log/records", count=2)
    assert [entry["kind"] for entry in newest] == ["open", "close"]
    assert newest[0]["rid"] == record == newest[1]["leaf"]["open"]
    first = house.get("/log/records", **{"from": 0, "count": 2})
    assert [(entry["index"], entry["kind"]) for entry in first] == [(0, "key"), (1, "key")]
    assert house.get("/log/records", **{"from": 10**9}) == []
    assert house.get(f"/log/records/{record}")["leaf"]["dec"] == "permit"
    with pytest.raises(AnswerableError, match=r"admin\.not_found"):
        house.get(f"/log/records/{'b' * 32}")
    with pytest.raises(AnswerableError, match=r"admin\.request"):
        house.get("/log/records", count="many")


def test_activity_adds_up_who_asked_and_who_answered(house: House) -> None:
    before = {row["name"]: row for row in house.get("/activity")["systems"]}
    house.act("Counted.")
    after = {row["name"]: row for row in house.get("/activity")["systems"]}
    assert after["helper 1"]["asked"] == before["helper 1"]["asked"] + 1
    assert after["small 1"]["answered"] == before["small 1"]["answered"] + 1
    assert after["small 1"]["tokens_out"] == before["small 1"]["tokens_out"] + 5
    assert after["small 1"]["millijoule"] == before["small 1"]["millijoule"] + 1500
