# SPDX-License-Identifier: Apache-2.0
"""Client certificates that prove one thing: whoever connects holds the key (RFC 8705, section 2.2).

A warrant names its copy's key in `cnf`, so the certificate has nothing to vouch for. TLS libraries take none without an
authority above it all the same: this one's private key is published, here, and what it signs says nothing. Certificates
have no end (RFC 5280, section 4.1.2.5): the warrant has one, and a guard's clock may be wrong.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key

SEED: Final = b"answerable: this key is public. "  # 32 bytes
_NAME: Final = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "answerable: key possession, vouches for nothing")])
_FIRST: Final = datetime(2020, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@cache
def authority() -> bytes:
    """The certificate, in PEM, that stands above all such certificates; the same bytes everywhere."""
    public = _signer().public_key()
    return (
        _begin(_NAME, public, serial=1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(_signer(), None)
        .public_bytes(Encoding.PEM)
    )


def certificate(key: Key, name: str) -> bytes:
    """A certificate for `key`, in PEM. name: SPIFFE id of the copy, as in an X.509-SVID (section 2), for whoever reads
    a trace; nobody relies on it."""
    public = Ed25519PublicKey.from_public_bytes(key.public)
    subject = x509.Name([])
    return (
        _begin(subject, public, serial=x509.random_serial_number())
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(name)]), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(_signer().public_key()), critical=False)
        .sign(_signer(), None)
        .public_bytes(Encoding.PEM)
    )


def public_of(der: bytes) -> str:
    """The Ed25519 public key of a certificate, base64url; "" where it has a key of another kind, or cannot be read."""
    try:
        key = x509.load_der_x509_certificate(der).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ""
    return b64u(key.public_bytes_raw()) if isinstance(key, Ed25519PublicKey) else ""


def _signer() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(SEED)


def _begin(subject: x509.Name, public: Ed25519PublicKey, *, serial: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_NAME)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(_FIRST)
        .not_valid_after(_LAST)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
