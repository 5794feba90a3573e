# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time

import pytest

from answerable.admission import proof
from answerable.cli.client import exchange
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError
from tests.unit.control.house import GATEWAY, House


def test_a_copy_that_does_not_hold_its_key_is_not_started(house: House) -> None:
    body = {
        "system": "other", "key": b64u(Key.generate().public), "nonce": nonce(), "signature": "A" * 86,
        "endpoint": "http://127.0.0.1/",
    }  # fmt: skip
    with pytest.raises(AnswerableError, match=r"party\.signature"):
        house.post("/copies", body)


def test_copies_are_listed_until_they_end(house: House) -> None:
    rid, _ = house.start_copy("other")
    assert rid in {row["copy"]["rid"] for row in house.get("/copies")}
    house.post("/copies/end", {"copy": rid})
    assert rid not in {row["copy"]["rid"] for row in house.get("/copies")}
    assert rid in {row["copy"]["rid"] for row in house.get("/copies", all="1")}
    with pytest.raises(AnswerableError, match=r"system\.copy_ended"):
        house.post("/copies/end", {"copy": rid})


def test_a_copy_ends_itself_and_no_other(house: House) -> None:
    rid, key = house.start_copy("other")
    path = "/control/v1/copies/self/end"
    token = proof.make(
        key, typ=proof.COPY, kid=rid, origin="demo.invalid", method="POST", path=path, body=b"",
        now_ms=time.time_ns() // 1_000_000,
    )  # fmt: skip
    exchange(house.store / "control.sock", "POST", path, b"", {"authorization": f"Proof {token}"})
    copy = house.core.book.copy(rid)
    assert copy is not None
    assert copy.ended > 0
    assert house.get("/status")["gateway"] == GATEWAY
