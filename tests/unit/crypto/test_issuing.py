# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from answerable.crypto import ed25519, p256
from answerable.crypto.issuing import CLAIM_SIGNING, ED25519, ES256, Issued, certificates, issue, shown
from answerable.errors import Refused, VerificationError

NOW = 1_795_000_000_000


@pytest.fixture(scope="module", params=[ED25519, ES256])
def issued(request: pytest.FixtureRequest) -> Issued:
    return issue("示例 Ltd", now_ms=NOW, days=30, algorithm=request.param)


def test_the_leaf_is_what_c2pa_asks_for(issued: Issued) -> None:
    leaf, root = (x509.load_pem_x509_certificate(pem) for pem in (issued.leaf, issued.root))
    leaf.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert leaf.version is x509.Version.v3
    assert leaf.subject != leaf.issuer == root.subject
    held = leaf.extensions
    basic = held.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca) == (True, False)
    usage = held.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign
    assert set(held.get_extension_for_class(x509.ExtendedKeyUsage).value) == {
        CLAIM_SIGNING,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
    }
    own = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    above = held.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert above == own != held.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)
    assert leaf.serial_number.bit_length() > 64
    names = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert [name.value for name in names] == ["示例 Ltd"]


def test_times_and_keys(issued: Issued) -> None:
    leaf, root = (x509.load_pem_x509_certificate(pem) for pem in (issued.leaf, issued.root))
    now = datetime.fromtimestamp(NOW / 1000, UTC)
    assert (now - leaf.not_valid_before_utc).total_seconds() == 600
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days == 30
    assert root.not_valid_after_utc > leaf.not_valid_after_utc
    told = shown(issued.leaf)
    assert told.public == issued.leaf_key.public != issued.root_key.public
    assert told.until_ms == int(leaf.not_valid_after_utc.timestamp() * 1000)
    assert told.organisation == "示例 Ltd"
    verify = ed25519.verify if told.algorithm == ED25519 else p256.verify
    verify(told.public, b"claim", issued.leaf_key.sign(b"claim"))


@pytest.mark.parametrize("name", ["", " a", "a" * 65, "a\nb", "\u202eltd"])
def test_names_that_cannot_stand_there(name: str) -> None:
    with pytest.raises(Refused, match=r"label\.chain"):
        issue(name, now_ms=NOW, days=30)


@pytest.mark.parametrize(
    "more", [{"days": 0}, {"days": 30, "root_days": 29}, {"days": 40_000}, {"days": 1, "algorithm": "rsa"}]
)
def test_times_and_algorithms_that_are_none(more: dict[str, object]) -> None:
    with pytest.raises(Refused, match=r"label\.chain"):
        issue("a", now_ms=NOW, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "pem", [b"", b"junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff"]
)
def test_what_is_no_certificate(pem: bytes) -> None:
    with pytest.raises(VerificationError, match=r"log\.signature"):
        shown(pem)


def test_how_many_certificates_stand_in_a_file() -> None:
    made = issue("Example Ltd", now_ms=1_700_000_000_000, days=30)
    assert certificates(made.root) == 1
    assert certificates(made.root + made.root) == 2
    assert certificates(b"") == certificates(b"words") == certificates(b"\xff\x00") == 0
    assert certificates(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") == 0
