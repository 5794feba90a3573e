# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest

from answerable.crypto import dsse
from answerable.crypto.b64 import b64
from answerable.crypto.ed25519 import Key
from answerable.errors import VerificationError

KIND = "application/vnd.in-toto+json"


def key(number: int) -> Key:
    return Key.from_seed(bytes([number]) * 32)


def test_pae_of_the_specification() -> None:
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_an_envelope_reads_back() -> None:
    envelope = dsse.sign(KIND, b"{}", key(1), "one")
    assert dsse.verify(envelope, {"one": key(1).public}) == (KIND, b"{}", ("one",))


def test_an_unknown_signer_beside_a_known_one_is_passed_over() -> None:
    one, two = (json.loads(dsse.sign(KIND, b"{}", key(n), str(n))) for n in (1, 2))
    one["signatures"] += two["signatures"]
    assert dsse.verify(json.dumps(one).encode(), {"2": key(2).public})[2] == ("2",)
    assert dsse.verify(json.dumps(one).encode(), {"1": key(1).public, "2": key(2).public})[2] == ("1", "2")


def changed(**members: Any) -> bytes:
    return json.dumps({**json.loads(dsse.sign(KIND, b"{}", key(1), "1")), **members}).encode()


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (changed(payload=b64(b"[]")), "log.signature"),
        (changed(payloadType="text/plain"), "log.signature"),
        (changed(signatures=[]), "log.signature"),
        (changed(signatures=[{"keyid": "unknown", "sig": b64(bytes(64))}]), "log.signature"),
        (changed(signatures=[{"keyid": "1", "sig": b64(bytes(64))}]), "log.signature"),
        (changed(signatures=[{"keyid": "1", "sig": "?"}]), "log.encoding"),
        (changed(signatures=[{"keyid": "x", "sig": b64(bytes(64))}] * 17), "log.encoding"),
        (changed(signatures=[1]), "log.encoding"),
        (changed(signatures=[{"keyid": 1, "sig": ""}]), "log.encoding"),
        (changed(payload=1), "log.encoding"),
        (changed(extra=1), "log.encoding"),
        (b"[]", "log.encoding"),
        (b"{", "log.encoding"),
        (b" " * (dsse.MAX_ENVELOPE + 1), "log.encoding"),
    ],
)
def test_what_is_refused(envelope: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        dsse.verify(envelope, {"1": key(1).public})
    assert caught.value.code == code


def test_one_key_cannot_sign_twice() -> None:
    envelope = json.loads(dsse.sign(KIND, b"{}", key(1), "1"))
    envelope["signatures"] *= 2
    with pytest.raises(VerificationError):
        dsse.verify(json.dumps(envelope).encode(), {"1": key(1).public})
