# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64

import pytest

from answerable.errors import AnswerableError
from answerable.registry.ids import unassigned_lei
from tests.unit.control.house import MAKER, REGISTRAR, House


def test_a_party_is_registered_once_and_shown(house: House) -> None:
    new = unassigned_lei("new")
    done = house.post("/parties", {"id": new, "name": "New Ltd"})
    shown = house.get(f"/parties/{new}")
    assert (shown["party"]["rid"], shown["party"]["standing"], shown["keys"]) == (done["rid"], "declared", [])
    assert new in {party["id"] for party in house.get("/parties")}
    with pytest.raises(AnswerableError) as taken:
        house.post("/parties", {"id": new, "name": "Again"})
    assert (taken.value.code, taken.value.exit) == ("party.taken", 5)


def test_a_bad_identifier_is_refused(house: House) -> None:
    with pytest.raises(AnswerableError, match=r"party\.id"):
        house.post("/parties", {"id": MAKER[:-1] + "0", "name": "x"})


def test_keys_in_force_are_shown_and_end(house: House) -> None:
    _, kid = house.key_of(MAKER)
    assert kid in {key["rid"] for key in house.get(f"/parties/{MAKER}")["keys"]}
    house.post("/parties/keys/withdraw", {"key": kid})
    assert kid not in {key["rid"] for key in house.get(f"/parties/{MAKER}")["keys"]}


def test_a_challenge_names_its_party_and_log(house: House) -> None:
    found = house.post("/parties/challenge", {"party": REGISTRAR})
    text = base64.b64decode(found["text"])
    assert text.startswith(b"answerable/challenge/v1\x00demo.invalid\x00")
    assert found["nonce"].encode() in text
    with pytest.raises(AnswerableError, match=r"party\.certificate"):
        answer = {"party": REGISTRAR, "challenge": found["nonce"], "certificates": ["AAAA"], "signature": "AAAA"}
        house.post("/parties/prove", answer)


def test_only_a_registrars_key_vouches(house: House) -> None:
    _, kid = house.key_of(MAKER)
    body = {"party": REGISTRAR, "key": kid, "nonce": "A" * 22, "salt": "A" * 43, "signature": "A" * 86}
    with pytest.raises(AnswerableError, match=r"party\.not_registrar"):
        house.post("/parties/vouch", body)


def test_enrolling_a_key_needs_that_key(house: House) -> None:
    body = {"party": MAKER, "key": "A" * 43, "nonce": "A" * 22, "signature": "A" * 86}
    with pytest.raises(AnswerableError, match=r"party\.signature"):
        house.post("/parties/keys", body)
