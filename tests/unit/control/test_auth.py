# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.admission import proof
from answerable.control import auth
from answerable.control.auth import Doorkeeper
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, Unavailable
from answerable.model.terms import AdminRole
from tests.unit.control.house import OPERATOR, House

PATH = "/control/v1/status"


class At:
    def __init__(self, now: int) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now

    def mono_ms(self) -> int:
        return self.now


def door(house: House, now: int = 1_000_000) -> Doorkeeper:
    return Doorkeeper(house.core.book, At(now), house.core.origin)


def header(house: House, who: str = "admin", *, now: int = 1_000_000, method: str = "GET", path: str = PATH) -> str:
    person = house.person(who)
    token = proof.make(
        person.key, typ=proof.PERSON, kid=person.kid, origin=house.core.origin, method=method, path=path, body=b"",
        now_ms=now,
    )  # fmt: skip
    return f"Proof {token}"


def code(house: House, text: str, *, role: AdminRole = AdminRole.VIEWER, path: str = PATH) -> str:
    with pytest.raises(Refused) as refused:
        door(house).person(text, "GET", path, b"", role)
    return refused.value.code


def test_the_person_who_signed_is_found(house: House) -> None:
    assert door(house).person(header(house), "GET", PATH, b"", AdminRole.OPERATOR).name == "admin"


def test_each_way_not_to_be_known(house: House) -> None:
    assert code(house, "") == "admin.unsigned"
    assert code(house, "Bearer x") == "admin.unsigned"
    assert code(house, "Proof x.y.z") == "admin.unsigned"
    assert code(house, header(house), path="/other") == "admin.unsigned"
    assert code(house, header(house, now=1)) == "admin.unsigned"
    assert code(house, header(house, "officer-1"), role=AdminRole.OPERATOR) == "admin.role"
    assert code(house, header(house), role=AdminRole.OFFICER) == "admin.role"


def test_a_proof_counts_once(house: House) -> None:
    keeper, text = door(house), header(house)
    keeper.person(text, "GET", PATH, b"", AdminRole.VIEWER)
    with pytest.raises(Refused, match=r"admin\.replayed"):
        keeper.person(text, "GET", PATH, b"", AdminRole.VIEWER)


def test_when_no_more_can_be_remembered_nobody_new_gets_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "REMEMBERED", 1)
    keeper = door(house)
    keeper.person(header(house), "GET", PATH, b"", AdminRole.VIEWER)
    with pytest.raises(Unavailable, match=r"log\.full"):
        keeper.person(header(house), "GET", PATH, b"", AdminRole.VIEWER)


def test_a_copy_signs_for_itself_alone(house: House) -> None:
    rid, key = house.start_copy("other")
    token = proof.make(
        key, typ=proof.COPY, kid=rid, origin=house.core.origin, method="POST", path=PATH, body=b"", now_ms=1_000_000
    )
    assert door(house).copy(f"Proof {token}", "POST", PATH, b"").rid == rid
    with pytest.raises(Refused, match=r"admin\.unknown_key"):
        door(house).copy(header(house, method="POST"), "POST", PATH, b"")
    with pytest.raises(Refused, match=r"admin\.unknown_key"):
        door(house).person(f"Proof {token}", "POST", PATH, b"", AdminRole.VIEWER)


def test_a_copy_that_floods_keeps_nobody_from_ordering(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "REMEMBERED", 2)
    keeper = door(house)
    rid, key = house.start_copy("other")

    def flood() -> None:
        token = proof.make(
            key, typ=proof.COPY, kid=rid, origin=house.core.origin, method="POST", path=PATH, body=b"", now_ms=1_000_000
        )
        keeper.copy(f"Proof {token}", "POST", PATH, b"")

    flood()
    flood()
    with pytest.raises(Unavailable, match=r"log\.full"):
        flood()
    assert keeper.person(header(house, "officer-1"), "GET", PATH, b"", AdminRole.OFFICER).name == "officer-1"


def test_a_party_asks_by_its_own_key_and_nobody_by_anothers(house: House) -> None:
    own, kid = house.key_of(OPERATOR)
    registrar = house.key_of(OPERATOR, registrar=True)
    copy_rid, copy_key = house.start_copy("helper")
    person = house.person("admin")

    def signed(key: Key, kid: str, typ: str) -> str:
        token = proof.make(
            key, typ=typ, kid=kid, origin=house.core.origin, method="GET", path=PATH, body=b"", now_ms=1_000_000
        )
        return f"Proof {token}"

    keeper = door(house)
    text = signed(own, kid, proof.PARTY)
    found = house.core.book.party(OPERATOR)
    assert found is not None
    assert keeper.party(text, "GET", PATH, b"").party == found.rid
    for header_, wanted in (
        (text, "admin.replayed"),
        (signed(own, kid, proof.PERSON), "admin.unsigned"),
        (signed(Key.generate(), kid, proof.PARTY), "admin.unsigned"),
        (signed(*registrar, proof.PARTY), "admin.unknown_key"),
        (signed(copy_key, copy_rid, proof.PARTY), "admin.unknown_key"),
        (signed(person.key, person.kid, proof.PARTY), "admin.unknown_key"),
    ):
        with pytest.raises(Refused) as refused:
            keeper.party(header_, "GET", PATH, b"")
        assert refused.value.code == wanted
    with pytest.raises(Refused, match=r"admin\.unknown_key"):  # and a party's key is no person's
        keeper.person(signed(own, kid, proof.PERSON), "GET", PATH, b"", AdminRole.VIEWER)
