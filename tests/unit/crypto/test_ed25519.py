# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from answerable.crypto.ed25519 import SMALL_ORDER, Key, verify
from answerable.errors import AnswerableError, Refused, VerificationError

# RFC 8032 section 7.1, test 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_vector_of_rfc_8032() -> None:
    key = Key.from_seed(SEED)
    assert key.public == PUBLIC
    assert key.sign(b"\x72") == SIGNATURE
    verify(PUBLIC, b"\x72", SIGNATURE)


@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (PUBLIC, b"\x73", SIGNATURE),
        (PUBLIC, b"\x72", SIGNATURE[:-1] + b"\x01"),
        (PUBLIC, b"\x72", SIGNATURE[:-1]),
        (PUBLIC, b"\x72", b""),
        (PUBLIC[:-1], b"\x72", SIGNATURE),
        (b"\xff" * 32, b"\x72", SIGNATURE),
        # The same signature with the group order added to S: RFC 8032 section 5.1.7 refuses it.
        (
            PUBLIC,
            b"\x72",
            SIGNATURE[:32]
            + (int.from_bytes(SIGNATURE[32:], "little") + 2**252 + 27742317777372353535851937790883648493).to_bytes(
                32, "little"
            ),
        ),
    ],
)
def test_what_does_not_verify(public: bytes, message: bytes, signature: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        verify(public, message, signature)
    assert caught.value.code == "log.signature"


def test_a_seed_has_32_bytes() -> None:
    with pytest.raises(VerificationError):
        Key.from_seed(b"short")


def test_a_key_file_reads_back_and_is_private(tmp_path: Path) -> None:
    key, path = Key.generate(), tmp_path / "log.key"
    key.save(path, purpose="log")
    assert path.stat().st_mode & 0o777 == 0o600
    assert Key.load(path, purpose="log").public == key.public
    assert Key.load(str(path), purpose="log").sign(b"m") == key.sign(b"m")


def refused(path: Path, purpose: str = "log") -> str:
    with pytest.raises(Refused) as caught:
        Key.load(path, purpose=purpose)
    assert caught.value.code == "log.key"
    return str(caught.value.params["detail"])


def test_a_key_has_one_purpose(tmp_path: Path) -> None:
    Key.generate().save(tmp_path / "k", purpose="log")
    assert "purpose is not warrant" in refused(tmp_path / "k", "warrant")
    assert "purpose is not lo" in refused(tmp_path / "k", "lo")


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    Key.generate().save(tmp_path / "k", purpose="log")
    (tmp_path / "k").chmod(0o640)
    assert "640" in refused(tmp_path / "k")


@pytest.mark.parametrize("content", [b"", b"purpose: log", b"purpose: log\nrubbish", b"x" * 5000, b"\xff\n"])
def test_what_is_not_a_key_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k").write_bytes(content)
    (tmp_path / "k").chmod(0o600)
    assert refused(tmp_path / "k")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert refused(tmp_path / "none")
    assert refused(tmp_path)


def test_another_algorithm_is_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "k").write_bytes(b"purpose: log\n" + pem)
    (tmp_path / "k").chmod(0o600)
    assert "Ed25519" in refused(tmp_path / "k")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    first = Key.generate()
    first.save(tmp_path / "k", purpose="log")
    with pytest.raises(AnswerableError) as caught:
        Key.generate().save(tmp_path / "k", purpose="log")
    assert caught.value.code == "log.key"
    assert Key.load(tmp_path / "k", purpose="log").public == first.public


@pytest.mark.system("openssl")
def test_openssl_reads_the_file(tmp_path: Path) -> None:
    Key.generate().save(tmp_path / "k", purpose="log")
    done = subprocess.run(
        ["openssl", "pkey", "-in", tmp_path / "k", "-noout", "-text"], capture_output=True, check=True
    )
    assert b"ED25519" in done.stdout.upper()


def test_repr_hides_the_private_half() -> None:
    assert repr(Key.from_seed(SEED)) == f"Key({PUBLIC.hex()})"


def test_keys_of_small_order_sign_nothing() -> None:
    """Without the check the neutral element "signs" every message, and the others one of 2, 4 or 8."""
    field = 2**255 - 19
    curve = -121665 * pow(121666, -1, field) % field

    def double(y: int) -> int:
        x2 = (y * y - 1) * pow(curve * y * y + 1, -1, field) % field  # x squared, from -x^2 + y^2 = 1 + d x^2 y^2
        return (y * y + x2) * pow(1 - curve * x2 * y * y, -1, field) % field

    for encoded in SMALL_ORDER:
        y = int.from_bytes(encoded, "little") % field
        assert double(double(double(y))) == 1, "eight times the point is the neutral element"
        neutral = (1).to_bytes(32, "little")
        for sign in (0, 0x80):
            public = encoded[:31] + bytes((encoded[31] | sign,))
            for message in range(16):
                for first in (neutral, public):
                    with pytest.raises(VerificationError, match=r"log\.signature"):
                        verify(public, bytes((message,)), first + bytes(32))
