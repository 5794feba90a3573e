# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from answerable.crypto import ed25519
from answerable.crypto.p256 import KEY_LENGTH, SIGNATURE_LENGTH, Key, der, raw, verify
from answerable.errors import Refused, VerificationError

KEY = Key.generate()
SIGNED = KEY.sign(b"message")


def test_lengths_of_es256() -> None:
    assert (len(KEY.public), KEY.public[0], len(SIGNED)) == (KEY_LENGTH, 4, SIGNATURE_LENGTH)
    verify(KEY.public, b"message", SIGNED)
    assert KEY.public.hex() in repr(KEY)


def test_a_known_signature_of_rfc_7515_appendix_a3() -> None:
    from answerable.crypto.b64 import unb64u

    x = unb64u("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
    y = unb64u("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
    message = (
        b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp"
        b"0cnVlfQ"
    )
    signature = unb64u("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
    verify(b"\4" + x + y, message, signature)
    with pytest.raises(VerificationError):
        verify(b"\4" + x + y, message + b" ", signature)


def test_both_forms_of_a_signature() -> None:
    assert raw(der(SIGNED)) == SIGNED
    for foreign in (b"", b"\x30", SIGNED, der(SIGNED) + b"\0", der(b"\xff" * 64)[:-1]):
        with pytest.raises(VerificationError, match=r"log\.signature"):
            raw(foreign)


@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (KEY.public, b"messagf", SIGNED),
        (KEY.public, b"message", SIGNED[:-1] + bytes((SIGNED[-1] ^ 1,))),
        (KEY.public, b"message", SIGNED[:-1]),
        (KEY.public, b"message", bytes(64)),
        (KEY.public[:-1], b"message", SIGNED),
        (b"\4" + bytes(64), b"message", SIGNED),
        (Key.generate().public, b"message", SIGNED),
    ],
    ids=["another message", "a bit", "too short", "nothing", "half a key", "no key", "another key"],
)
def test_what_does_not_verify(public: bytes, message: bytes, signature: bytes) -> None:
    with pytest.raises(VerificationError, match=r"log\.signature"):
        verify(public, message, signature)


def test_a_key_file_is_of_one_curve_and_one_purpose(tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    KEY.save(file, purpose="label")
    assert Key.load(file, purpose="label").public == KEY.public
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refused, match=r"log\.key"):
        Key.load(file, purpose="log")
    with pytest.raises(Refused, match=r"log\.key"):
        KEY.save(file, purpose="label")
    ed25519.Key.generate().save(tmp_path / "b.key", purpose="label")
    Key(ec.generate_private_key(ec.SECP384R1())).save(tmp_path / "c.key", purpose="label")
    for other in ("b.key", "c.key"):
        with pytest.raises(Refused, match="P-256"):
            Key.load(tmp_path / other, purpose="label")
