# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.admission.requests import WINDOW_MS, WarrantRequest, check, signed, timely, to_sign
from answerable.crypto.b64 import b64u
from answerable.errors import Refused
from tests.fleet import GATEWAY, ISSUER, T0, a_nonce, key

COPY = key("copy base 1")
REQUEST = WarrantRequest(at=T0, aud=GATEWAY, copy="spiffe://demo.invalid/system/x/copy/1", nonce=a_nonce(), seq=1)


def ask(request: WarrantRequest = REQUEST, signer: Any = COPY, issuer: str = ISSUER, now: int = T0) -> None:
    signature = b64u(signer.sign(to_sign(REQUEST, ISSUER)))
    check(request, signature, issuer=issuer, key=b64u(COPY.public), now_ms=now)


def test_the_copys_own_key_asking_now() -> None:
    ask()
    ask(now=T0 + WINDOW_MS)


@pytest.mark.parametrize(
    "changed",
    [
        {"request": msgspec.structs.replace(REQUEST, seq=2)},
        {"request": msgspec.structs.replace(REQUEST, copy="spiffe://demo.invalid/system/y/copy/1")},
        {"request": msgspec.structs.replace(REQUEST, nonce="short")},
        {"request": msgspec.structs.replace(REQUEST, nonce="?")},
        {"request": msgspec.structs.replace(REQUEST, seq=0)},
        {"request": msgspec.structs.replace(REQUEST, seq=2**60)},
        {"request": msgspec.structs.replace(REQUEST, aud="a" * 513)},
        {"signer": key("stranger")},
        {"issuer": "spiffe://demo.invalid/issuer/second"},
        {"now": T0 + WINDOW_MS + 1},
        {"now": T0 - WINDOW_MS - 1},
    ],
)
def test_anything_else_is_no_proof(changed: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        ask(**changed)
    assert refusal.value.code == "warrant.proof"


def test_a_signature_that_is_no_signature() -> None:
    for signature in ("", "?", "AAAA"):
        with pytest.raises(Refused):
            check(REQUEST, signature, issuer=ISSUER, key=b64u(COPY.public), now_ms=T0)


def test_who_made_it_and_when_are_two_questions() -> None:
    signature = b64u(COPY.sign(to_sign(REQUEST, ISSUER)))
    signed(REQUEST, signature, issuer=ISSUER, key=b64u(COPY.public))  # whenever that was
    timely(REQUEST, T0 + WINDOW_MS)
    for late in (T0 + WINDOW_MS + 1, T0 - WINDOW_MS - 1):
        with pytest.raises(Refused, match=r"warrant\.proof"):
            timely(REQUEST, late)
    for changed in ({"at": T0 + 1}, {"seq": 2}, {"aud": "x"}, {"nonce": a_nonce()}):
        with pytest.raises(Refused, match=r"warrant\.proof"):
            signed(msgspec.structs.replace(REQUEST, **changed), signature, issuer=ISSUER, key=b64u(COPY.public))
