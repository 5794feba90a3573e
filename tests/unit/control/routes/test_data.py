# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.admission import proof
from answerable.cli.client import exchange
from answerable.cli.session import url
from answerable.crypto.ed25519 import Key
from answerable.model.terms import AdminRole
from answerable.privacy import grants
from tests.unit.control.house import MAKER, OPERATOR, House
from tests.unit.control.privacy import erase, grant, party_of, read, refused


def as_party(house: House, key: Key, kid: str, path: str, typ: str = proof.PARTY, **query: Any) -> Any:
    where = url(path, query)
    token = proof.make(
        key, typ=typ, kid=kid, origin=house.core.origin, method="GET", path=where, body=b"", now_ms=house.core.now
    )
    return exchange(house.store / "control.sock", "GET", where, b"", {"authorization": f"Proof {token}"})


def test_the_owner_allows_the_person_reads_and_both_are_told(house: House) -> None:
    record = house.act("A private answer.")
    owner = house.key_of(OPERATOR)
    row = grant(house, record, "officer-1", owner)
    assert (row["to"], row["purpose"], row["lawful"]) == (party_of(house, "officer-1"), "complaint", False)
    found = read(house, record, row["rid"], "officer-1")
    assert found["in"] == b"asked"
    assert b"A private answer." in found["out"]
    mine = as_party(house, *owner, "/data/mine")
    shown = next(each for each in mine["actions"] if each["record"] == record)
    assert shown["held"] == ["in", "out"]
    assert [each["rid"] for each in shown["grants"]] == [row["rid"]]
    (reading,) = shown["reads"]
    assert (reading["grant"], reading["person"]) == (row["rid"], party_of(house, "officer-1"))
    assert "private" not in str(mine)


def test_nobody_reads_by_another_persons_grant(house: House) -> None:
    record = house.act("For one person.")
    row = grant(house, record, "officer-1", house.key_of(OPERATOR))
    with refused("privacy.grant"):
        read(house, record, row["rid"], "admin")
    leaf = house.signed(grants.read_statement(row["rid"], record, ("out",)), "officer-1")
    with refused("privacy.signer"):  # signed by one, sent by another
        house.post("/data/read", {"read": leaf}, "admin")
    with refused("privacy.unknown"):
        read(house, record, "a" * 32, "admin")


def test_a_copy_neither_grants_nor_reads(house: House) -> None:
    record = house.act("Not for machines.")
    rid, key = house.start_copy("helper")
    with refused("privacy.signer"):
        grant(house, record, "admin", (key, rid))
    row = grant(house, record, "admin", house.key_of(OPERATOR))
    leaf = house.signed(grants.read_statement(row["rid"], record, ("out",)), (key, rid))
    with refused("privacy.signer"):
        house.post("/data/read", {"read": leaf}, "admin")
    for typ in (proof.COPY, proof.PARTY, proof.PERSON):
        with refused("admin.unknown_key"):
            as_party(house, key, rid, "/data/mine", typ)


def test_only_the_party_that_answers_grants(house: House) -> None:
    record = house.act("The deployer answers.")
    with refused("privacy.signer"):
        grant(house, record, "admin", house.key_of(MAKER))
    row = grant(house, record, "admin", "officer-1", "officer-2", lawful=True)
    assert row["lawful"]
    assert b"The deployer answers." in read(house, record, row["rid"], "admin")["out"]
    with refused("privacy.disjoint"):
        grant(house, record, "officer-2", "officer-1", "officer-2", lawful=True)


def test_a_revoked_grant_opens_nothing(house: House) -> None:
    record = house.act("Revoked.")
    owner = house.key_of(OPERATOR)
    row = grant(house, record, "admin", owner)
    ended = house.post("/data/grants/revoke", {"revoke": house.signed(grants.revoke_statement(row["rid"]), owner)})
    assert ended["revoked"]
    with refused("privacy.grant"):
        read(house, record, row["rid"], "admin")


def test_a_party_sees_its_own_and_no_others(house: House) -> None:
    record = house.act("The operator's.")
    maker = house.key_of(MAKER)
    assert all(each["record"] != record for each in as_party(house, *maker, "/data/mine")["actions"])
    key, kid = house.key_of(OPERATOR, registrar=True)
    with refused("admin.unknown_key"):  # a registrar's key vouches and does nothing else
        as_party(house, key, kid, "/data/mine")
    with refused("admin.unsigned"):
        as_party(house, Key.generate(), maker[1], "/data/mine")
    with refused("admin.unknown_key"):
        house.get("/data/mine")


def test_it_goes_on_where_the_answer_before_ended(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from answerable.control.routes import data

    records = [house.act(f"Number {n}.") for n in range(5)]
    monkeypatch.setattr(data, "SHOWN", 2)
    owner = house.key_of(OPERATOR)
    found: list[str] = []
    answer = as_party(house, *owner, "/data/mine")
    while True:
        found += [each["record"] for each in answer["actions"]]
        if not answer["next"]:
            break
        answer = as_party(house, *owner, "/data/mine", before=answer["next"])
    assert [each for each in found if each in records] == records[::-1]
    assert len(set(found)) == len(found)


def test_a_principal_finds_what_is_held_about_it_by_its_own_name(house: House) -> None:
    first = house.act("Said to 42.", principal="user-42")
    second = house.act("Said to 42 again.", principal="user-42")
    house.act("Said to 43.", principal="user-43")
    found = house.post("/data/about", {"principal": "user-42"})
    assert [each["record"] for each in found["actions"]] == [second, first]
    assert found["actions"][0]["held"] == ["in", "pri", "out"]
    assert "Said to" not in str(found)
    for unknown in ("user-4", "USER-42", "Said to 42."):
        with refused("privacy.unknown"):
            house.post("/data/about", {"principal": unknown})
    with refused("admin.nobody"):  # the words of an answer are looked for elsewhere than names of principals
        house.post("/who", {"texts": ["user-42"]})
    erase(house, first, "officer-1", "officer-2")
    left = house.post("/data/about", {"principal": "user-42"})["actions"]
    assert [each["record"] for each in left] == [second]


def test_no_route_but_one_hands_out_what_was_said(house: House) -> None:
    """Every GET, and who by record id: none shows the words of an answer."""
    from answerable.control.routes import ROUTES

    record = house.act("A canary that must not sing.", principal="canary-principal")
    close = house.run(house.services.reader.close_of(record))
    values = {"rid": record, "party": OPERATOR, "system": "helper", "name": "helper", "copy": "x", "rule": "R001"}
    shown = [str(house.post("/who", {"record": record})), str(house.get(f"/log/records/{close}"))]
    for route in ROUTES:
        if route.method != "GET" or not isinstance(route.needs, AdminRole):
            continue
        path = route.path
        for name, value in values.items():
            path = path.replace("{" + name + "}", value)
        try:
            shown.append(str(msgspec.to_builtins(house.get(path))))
        except Exception as error:  # noqa: BLE001  # what is refused shows nothing
            shown.append(str(error))
    assert len(shown) > 15
    assert not any("canary" in text.lower() for text in shown)
