# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest

from answerable.admission.requests import WarrantRequest, to_sign
from answerable.cli.client import exchange
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.jwt import peek
from answerable.crypto.random import nonce
from answerable.errors import Refused
from tests.unit.control.house import House


def ask(house: House, copy: str, key: Key, seq: int, boot: str) -> Any:
    request = WarrantRequest(
        at=time.time_ns() // 1_000_000, aud=house.services.audience, copy=copy, nonce=boot, seq=seq
    )
    signature = b64u(key.sign(to_sign(request, house.services.issuer.iss)))
    body = json.dumps({"request": msgspec.to_builtins(request), "signature": signature}).encode()
    return exchange(house.store / "control.sock", "POST", "/control/v1/warrants", body, {})


def test_a_copy_gets_its_warrant_and_the_next_by_its_own_key(house: House) -> None:
    rid, key = house.start_copy("other")
    copy = house.core.book.copy(rid)
    assert copy is not None
    boot = nonce()
    first = ask(house, copy.id, key, 1, boot)
    second = ask(house, copy.id, key, 2, boot)
    assert (first["seq"], second["seq"], second["grant"]) == (1, 2, first["grant"])
    assert first["life"] == 60_000
    assert peek(first["token"])[1]["sub"] == copy.id
    with pytest.raises(Refused, match=r"warrant\.replayed"):
        ask(house, copy.id, key, 2, boot)
    with pytest.raises(Refused, match=r"warrant\.proof"):
        ask(house, copy.id, Key.generate(), 3, boot)
