# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from answerable.crypto import ed25519
from answerable.crypto.mldsa import KEY_LENGTH, SIGNATURE_LENGTH, Key, verify
from answerable.errors import Refused, VerificationError

KEY = Key.from_seed(bytes(range(32)))
SIGNED = KEY.sign(b"message")


def test_lengths_of_fips_204() -> None:
    assert (len(KEY.public), len(SIGNED)) == (KEY_LENGTH, SIGNATURE_LENGTH) == (1312, 2420)
    verify(KEY.public, b"message", SIGNED)


def test_the_key_of_a_seed_is_the_same_everywhere() -> None:
    # RFC 9881, appendix C.1: the example key of ML-DSA-44 is that of the seed 00 01 … 1f.
    assert Key.from_seed(bytes(range(32))).public == KEY.public
    assert KEY.public[:16].hex() == "d7b2b47254aae0db45e7930d4a98d2c9"
    assert hashlib.sha256(KEY.public).digest() != hashlib.sha256(Key.generate().public).digest()


def test_each_signature_is_another_and_good() -> None:
    again = KEY.sign(b"message")
    assert again != SIGNED
    verify(KEY.public, b"message", again)


@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (KEY.public, b"messagf", SIGNED),
        (KEY.public, b"message", SIGNED[:-1] + bytes((SIGNED[-1] ^ 1,))),
        (KEY.public, b"message", SIGNED[:-1]),
        (KEY.public, b"message", b""),
        (KEY.public[:-1], b"message", SIGNED),
        (bytes(KEY_LENGTH), b"message", SIGNED),
        (Key.generate().public, b"message", SIGNED),
    ],
)
def test_what_does_not_verify(public: bytes, message: bytes, signature: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        verify(public, message, signature)
    assert caught.value.code == "log.signature"


def test_a_seed_has_32_bytes() -> None:
    with pytest.raises(VerificationError):
        Key.from_seed(b"short")


def test_a_key_file_reads_back_and_names_its_purpose_and_algorithm(tmp_path: Path) -> None:
    path = tmp_path / "k"
    KEY.save(path, purpose="log")
    assert path.stat().st_mode & 0o777 == 0o600
    assert Key.load(path, purpose="log").public == KEY.public
    with pytest.raises(Refused, match="purpose"):
        Key.load(path, purpose="witness")
    with pytest.raises(Refused, match="Ed25519"):
        ed25519.Key.load(path, purpose="log")
    ed25519.Key.generate().save(tmp_path / "other", purpose="log")
    with pytest.raises(Refused, match="ML-DSA-44"):
        Key.load(tmp_path / "other", purpose="log")


def test_a_key_does_not_show_itself() -> None:
    assert bytes(range(32)).hex() not in repr(KEY)
    assert len(repr(KEY)) < 100
