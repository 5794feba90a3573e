# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from answerable.crypto import certificates
from answerable.errors import VerificationError
from tests.small_certificates import Authority, ecdsa

NOW = 1_763_782_764_000
DAY = 86_400_000
TEXT = b"a challenge"


def detail(chain: list[bytes], anchors: list[bytes], signature: bytes, now: int = NOW) -> str:
    with pytest.raises(VerificationError) as caught:
        certificates.answer(chain, anchors, TEXT, signature, now_ms=now)
    assert caught.value.code == "log.signature"
    return str(caught.value.params["detail"])


def test_a_certificate_under_a_trusted_root_names_its_holder() -> None:
    ca = Authority(NOW)
    der, key = ca.issue("NTRCN-91440300708461136T", NOW)
    named = certificates.answer([der], [Authority(NOW).root, ca.root], TEXT, key.sign(TEXT), now_ms=NOW)
    assert named.identifiers == {"NTRCN-91440300708461136T"}
    assert named.digest == hashlib.sha256(der).hexdigest()


def test_keys_of_the_kinds_in_use_are_taken() -> None:
    ca = Authority(NOW)
    curve = ec.generate_private_key(ec.SECP256R1())
    der, _ = ca.issue("LEIXG-X", NOW, key=curve)
    assert certificates.answer([der], [ca.root], TEXT, ecdsa(curve, TEXT), now_ms=NOW)
    big = rsa.generate_private_key(65_537, 2048)
    der, _ = ca.issue("LEIXG-X", NOW, key=big)
    plain = big.sign(TEXT, padding.PKCS1v15(), hashes.SHA256())
    salted = big.sign(TEXT, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    for signature in (plain, salted):
        assert certificates.answer([der], [ca.root], TEXT, signature, now_ms=NOW)
    assert "does not hold" in detail([der], [ca.root], plain[:-1] + bytes([plain[-1] ^ 1]))


def test_what_does_not_lead_to_a_root_in_force_is_refused() -> None:
    ca = Authority(NOW)
    der, key = ca.issue("X", NOW)
    good = key.sign(TEXT)
    assert "anchor" in detail([der], [], good)
    assert "root" in detail([der], [Authority(NOW, "Another").root], good)
    assert "does not hold" in detail([der], [Authority(NOW).root], good), "same name, another key"
    assert "in force" in detail([der], [ca.root], good, NOW + 31 * DAY)
    assert "in force" in detail([der], [ca.root], good, NOW - 2 * DAY)
    assert "too many" in detail([der] * 6, [ca.root], good)
    assert "too many" in detail([], [ca.root], good)
    assert "does not hold" in detail([der], [ca.root], bytes(64))


def test_a_holder_cannot_issue_for_others() -> None:
    ca = Authority(NOW)
    der, key = ca.issue("Mallory", NOW)
    forger = Authority(NOW)
    forger.key, forger.name = key, certificates.x509.load_der_x509_certificate(der).subject
    forged, theirs = forger.issue("NTRCN-91440300708461136T", NOW)
    assert "may not issue" in detail([forged, der], [ca.root], theirs.sign(TEXT))
    assert "may not sign" in detail([der_of_ca(ca)], [ca.root], ca.key.sign(TEXT))


def der_of_ca(ca: Authority) -> bytes:
    der, _ = ca.issue("X", NOW, key=ca.key, ca=True)
    return der


def test_a_critical_extension_that_is_not_understood_is_refused() -> None:
    ca = Authority(NOW)
    der, key = ca.issue("X", NOW, critical=True)
    assert "not understood" in detail([der], [ca.root], key.sign(TEXT))


def test_an_issuer_that_is_held_to_something_not_understood_is_refused() -> None:
    """As one that may issue for certain names alone: those constraints stand in a critical extension of its own."""
    ca = Authority(NOW)
    for critical in (False, True):
        between, its = ca.issue("An issuer", NOW, ca=True, critical=critical)
        below = Authority(NOW)
        below.key, below.name = its, certificates.x509.load_der_x509_certificate(between).subject
        der, key = below.issue("NTRCN-91440300708461136T", NOW)
        if critical:
            assert "not understood" in detail([der, between], [ca.root], key.sign(TEXT))
        else:
            assert certificates.answer([der, between], [ca.root], TEXT, key.sign(TEXT), now_ms=NOW)


@given(st.binary(max_size=300), st.integers(0, 400), st.integers(1, 255))
def test_foreign_bytes_raise_our_error_alone(noise: bytes, place: int, flip: int) -> None:
    der, key = CA.issue("X", NOW, key=KEY)
    broken = bytearray(der)
    broken[place % len(der)] ^= flip
    for chain in ([noise], [bytes(broken)]):
        with pytest.raises(VerificationError):
            certificates.answer(chain, [CA.root], TEXT, key.sign(TEXT) if chain[0] == noise else bytes(64), now_ms=NOW)


CA = Authority(NOW)
_, KEY = CA.issue("X", NOW)
