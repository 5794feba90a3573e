# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce, opaque_id
from answerable.errors import AnswerableError
from answerable.log.statement import to_sign
from answerable.model.leaves import KeyLeaf
from tests.unit.control.house import MAKER, House


def enrol(house: House, person: str, roles: list[str], key: Key) -> str:
    party = house.get(f"/parties/{person}")["party"]["rid"]
    leaf = KeyLeaf(n=nonce(), own=party, pub=b64u(key.public), roles=sorted(roles), t=0, use="admin")
    body = {
        "person": person, "key": leaf.pub, "roles": roles, "nonce": leaf.n,
        "signature": b64u(key.sign(to_sign(leaf, "demo.invalid"))),
    }  # fmt: skip
    return str(house.post("/admins", body)["rid"])


def test_a_person_is_enrolled_and_withdrawn(house: House) -> None:
    person = f"PERSON-{opaque_id()}"
    house.post("/parties", {"id": person, "name": "Eva"})
    rid = enrol(house, person, ["viewer"], Key.generate())
    assert next(a for a in house.get("/admins") if a["rid"] == rid)["roles"] == ["viewer"]
    house.post("/admins/withdraw", {"key": rid})
    assert next(a for a in house.get("/admins") if a["rid"] == rid)["ended"] > 0


def test_an_organisation_a_system_and_a_copys_key_never_administer(house: House) -> None:
    with pytest.raises(AnswerableError, match=r"party\.not_person"):
        enrol(house, MAKER, ["officer"], Key.generate())
    system = house.system("base").id
    body = {"person": system, "key": "A" * 43, "roles": ["officer"], "nonce": nonce(), "signature": "A" * 86}
    with pytest.raises(AnswerableError, match=r"party\.is_system"):
        house.post("/admins", body)
    _, key = house.start_copy("other")
    person = f"PERSON-{opaque_id()}"
    house.post("/parties", {"id": person, "name": "Robot's friend"})
    with pytest.raises(AnswerableError, match=r"party\.key_taken"):
        enrol(house, person, ["officer"], key)


def test_who_asks_is_told_who_he_is(house: House) -> None:
    assert house.get("/admins/self", "officer-2")["name"] == "officer-2"


def test_the_last_administrator_stays(house: House) -> None:
    with pytest.raises(AnswerableError, match=r"party\.last_administrator"):
        house.post("/admins/withdraw", {"key": house.person().kid})
