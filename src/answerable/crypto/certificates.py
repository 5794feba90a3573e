# SPDX-License-Identifier: Apache-2.0
"""X.509 certificates that name a legal or natural person (RFC 5280; ETSI EN 319 412-1 section 5.1), as far as a signed
challenge needs them: a chain to a trusted root, in force now, and a signature by the first certificate's key.

Keys: Ed25519, ECDSA with SHA-256 on P-256 or P-384, RSA of 2048 bits or more (PKCS #1 v1.5 or PSS, SHA-256).
Revocation is not looked up: nothing here goes out to a network. SM2 certificates are not read.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.utils import CryptographyDeprecationWarning as Deprecated
from cryptography.x509.oid import NameOID

from answerable.errors import VerificationError

MAX_CHAIN: Final = 5  # certificates before the root; the qualified certificates in use have two or three
MIN_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class Named:
    """digest: sha256 hex of the certificate's DER; identifiers: organizationIdentifier and serialNumber values."""

    digest: str
    identifiers: frozenset[str]


def answer(chain: Sequence[bytes], anchors: Sequence[bytes], message: bytes, signature: bytes, *, now_ms: int) -> Named:
    """Whom the first certificate of `chain` (DER, each issued by the next) names, if it leads to one of `anchors` (DER)
    and its key signed `message`.

    Raises VerificationError ``log.signature`` with `detail` for anything else, an empty list of anchors included.
    """
    if not anchors:
        raise _bad("no trust anchor is configured")
    if not 1 <= len(chain) <= MAX_CHAIN:
        raise _bad("the chain has no certificate, or too many")
    try:
        path, roots = _read(chain), _read(anchors)
        _check_path(path, roots, datetime.fromtimestamp(now_ms / 1000, UTC))
        for certificate in path:
            _check_critical(certificate)
        _check_use(path[0])
        _check_signature(path[0], message, signature)
        names = [
            str(attribute.value)
            for oid in (NameOID.ORGANIZATION_IDENTIFIER, NameOID.SERIAL_NUMBER)
            for attribute in path[0].subject.get_attributes_for_oid(oid)
        ]
    except VerificationError:
        raise
    except InvalidSignature:
        raise _bad("a signature does not hold") from None
    except Exception:  # noqa: BLE001  foreign DER makes the parser raise almost anything; all of it means no
        raise _bad("a certificate cannot be read") from None
    return Named(hashlib.sha256(chain[0]).hexdigest(), frozenset(names))


def _read(encoded: Sequence[bytes]) -> list[x509.Certificate]:
    """What the parser only warns of, such as a serial number below one, is against RFC 5280: no certificate."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Deprecated)
        return [x509.load_der_x509_certificate(der) for der in encoded]


def _check_path(path: list[x509.Certificate], roots: list[x509.Certificate], now: datetime) -> None:
    # Two roots may share a name while one succeeds the other: any of them will do.
    for root in roots:
        if root.subject == path[-1].issuer:
            try:
                return _check_links([*path, root], now)
            except (VerificationError, InvalidSignature):
                if root is roots[-1]:
                    raise
    raise _bad("the chain ends at no trusted root")


def _check_links(links: list[x509.Certificate], now: datetime) -> None:
    for place, certificate in enumerate(links):
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise _bad("a certificate is not in force")
        if place > 0:
            _check_issuer(certificate, below=place - 1)
    for child, issuer in pairwise(links):
        child.verify_directly_issued_by(issuer)


def _check_issuer(certificate: x509.Certificate, *, below: int) -> None:
    """below: how many certificates of issuers stand beneath this one (RFC 5280 section 4.2.1.9)."""
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        raise _bad("an issuer is not marked as one") from None
    if not basic.ca or not usage.key_cert_sign or (basic.path_length is not None and below > basic.path_length):
        raise _bad("an issuer may not issue this")


def _check_critical(certificate: x509.Certificate) -> None:
    """RFC 5280 section 4.2: of every certificate below the root, an issuer held to certain names included."""
    known = {
        x509.BasicConstraints.oid, x509.KeyUsage.oid, x509.ExtendedKeyUsage.oid, x509.SubjectAlternativeName.oid,
        x509.CertificatePolicies.oid,
    }  # fmt: skip
    if any(extension.critical and extension.oid not in known for extension in certificate.extensions):
        raise _bad("a critical extension is not understood")


def _check_use(certificate: x509.Certificate) -> None:
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.KeyUsage) and not (
            extension.value.digital_signature or extension.value.content_commitment
        ):
            raise _bad("its key may not sign")


def _check_signature(certificate: x509.Certificate, message: bytes, signature: bytes) -> None:
    key = certificate.public_key()
    if isinstance(key, Ed25519PublicKey):
        key.verify(signature, message)
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
        key.verify(signature, message, ec.ECDSA(SHA256()))
    elif isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        try:
            key.verify(signature, message, padding.PKCS1v15(), SHA256())
        except InvalidSignature:
            pss = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
            key.verify(signature, message, pss, SHA256())
    else:
        raise _bad("its key is of a kind that is not accepted")


def _bad(detail: str) -> VerificationError:
    return VerificationError("log.signature", detail=detail)
