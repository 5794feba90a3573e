# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from pathlib import Path

import pytest

from answerable.crypto import p256, sm2
from answerable.errors import Refused, Unavailable, VerificationError

# GB/T 32918.5-2017, the example of a signature on the recommended curve: key, public key, message, r and s.
SECRET = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
PUBLIC = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
MESSAGE = b"message digest"
SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)


def test_the_standards_example() -> None:
    assert sm2.Key(SECRET).public == PUBLIC
    sm2.verify(PUBLIC, MESSAGE, SIGNATURE)
    # GB/T 32905-2016, example 1.
    assert sm2.digest(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_what_is_signed_is_verified() -> None:
    key = sm2.Key.generate()
    signature = key.sign(b"label")
    assert len(signature) == sm2.SIGNATURE_LENGTH
    assert p256.raw(p256.der(signature)) == signature
    sm2.verify(key.public, b"label", signature)
    assert key.public.hex() in repr(key)


@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (PUBLIC, b"message digesT", SIGNATURE),
        (PUBLIC, MESSAGE, SIGNATURE[:-1] + b"\x00"),
        (PUBLIC, MESSAGE, SIGNATURE[:-1]),
        (PUBLIC, MESSAGE, bytes(64)),
        (PUBLIC, MESSAGE, b"\xff" * 64),
        (PUBLIC[:-1] + b"\x00", MESSAGE, SIGNATURE),
        (PUBLIC[1:], MESSAGE, SIGNATURE),
    ],
)
def test_what_does_not_verify(public: bytes, message: bytes, signature: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        sm2.verify(public, message, signature)
    assert caught.value.code == "log.signature"


def test_points_of_every_form() -> None:
    x, y = PUBLIC[1:33], PUBLIC[33:]
    assert sm2.points(PUBLIC) == (PUBLIC,)
    assert sm2.points((b"\x03" if y[-1] & 1 else b"\x02") + x) == (PUBLIC,)
    both = sm2.points(x)
    assert PUBLIC in both
    assert len(both) == 2
    for nothing in (b"", b"\x04" + bytes(64), PUBLIC[:-1] + b"\x00", b"\x05" + x, b"\xff" * 32, b"\x00"):
        assert sm2.points(nothing) == ()


@pytest.mark.parametrize("secret", [b"", bytes(32), b"\xff" * 32, SECRET[1:]])
def test_what_is_no_key(secret: bytes) -> None:
    with pytest.raises(VerificationError):
        sm2.Key(secret)


def test_a_key_file_reads_back(tmp_path: Path) -> None:
    key, path = sm2.Key.generate(), tmp_path / "label.key"
    key.save(path, purpose="label")
    assert path.stat().st_mode & 0o777 == 0o600
    assert sm2.Key.load(path, purpose="label").public == key.public
    with pytest.raises(Refused) as caught:
        sm2.Key.load(path, purpose="log")
    assert caught.value.code == "log.key"
    with pytest.raises(Refused):
        key.save(path, purpose="label")
    p256.Key.generate().save(tmp_path / "other.key", purpose="label")
    with pytest.raises(Refused):
        sm2.Key.load(tmp_path / "other.key", purpose="label")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gmalg", None)
    with pytest.raises(Unavailable) as caught:
        sm2.verify(PUBLIC, MESSAGE, SIGNATURE)
    assert (caught.value.code, caught.value.params["extra"]) == ("label.extra", "sm2")
