# SPDX-License-Identifier: Apache-2.0
"""Certificates that a party makes for itself: a root that it publishes, and a leaf that signs claims of C2PA.

The leaf follows C2PA 2.2 section 14.5.1 (X.509 v3, not self-signed, no CA, digitalSignature, EKU, SKI, AKI). Its EKUs
are c2pa-kp-claimSigning and, for validators older than that, emailProtection. Serial numbers are random (RFC 5280,
4.1.2.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from answerable.crypto import ed25519, p256
from answerable.errors import Refused, VerificationError

CLAIM_SIGNING: Final = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
ED25519: Final = "ed25519"
ES256: Final = "es256"
MAX_NAME: Final = 64  # ub-organization-name and ub-common-name of RFC 5280, appendix A.1
# A clock that is a little behind the one that issued must not find the leaf from the future.
BACKDATED: Final = timedelta(minutes=10)

Key = ed25519.Key | p256.Key


@dataclass(frozen=True, slots=True)
class Issued:
    """root, leaf: certificates in PEM; root_key, leaf_key: their private halves."""

    root: bytes
    root_key: Key
    leaf: bytes
    leaf_key: Key


@dataclass(frozen=True, slots=True)
class Shown:
    """What a certificate says. organisation: O of its subject, "" for none; public: 32 bytes of Ed25519, or 65 of a
    point on P-256; algorithm: `ED25519` or `ES256`; until_ms: the end of its validity; digest: sha256 hex of the
    DER."""

    organisation: str
    public: bytes
    algorithm: str
    until_ms: int
    digest: str


def issue(party: str, *, now_ms: int, days: int, algorithm: str = ED25519, root_days: int = 0) -> Issued:
    """A root and a leaf under it, both in the name of `party` (its registered name), in force from now on.

    days: how long the leaf is in force; the root lasts `root_days`, or twice as long. Raises Refused ``label.chain``
    for a name that cannot stand in a certificate, an unknown algorithm or a length of time that is none.
    """
    if not 1 <= len(party) <= MAX_NAME or not party.isprintable() or party != party.strip():
        raise Refused("label.chain", detail=f"a party's name has 1 to {MAX_NAME} printable characters")
    if algorithm not in (ED25519, ES256):
        raise Refused("label.chain", detail=f"the algorithm is neither {ED25519} nor {ES256}")
    lasts = root_days or 2 * days
    if not 1 <= days <= lasts <= 36_500:
        raise Refused("label.chain", detail="a leaf is in force for a day or more, and no longer than its root")
    signer, leaf_private = _draw(algorithm), _draw(algorithm)
    start = datetime.fromtimestamp(now_ms // 1000, UTC) - BACKDATED
    above, below = _name(party, "AI labels root"), _name(party, "AI labels")
    root_public, leaf_public = signer.public_key(), leaf_private.public_key()
    root = (
        _begin(above, above, root_public, start, lasts)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    )
    leaf = (
        _begin(below, above, leaf_public, start, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_public), critical=False)
    )
    hash_ = None if algorithm == ED25519 else SHA256()
    return Issued(
        root.sign(signer, hash_).public_bytes(Encoding.PEM),
        _held(signer),
        leaf.sign(signer, hash_).public_bytes(Encoding.PEM),
        _held(leaf_private),
    )


def certificates(pem: bytes) -> int:
    """How many certificates stand in `pem`, 0 for what is none."""
    try:
        return len(x509.load_pem_x509_certificates(pem))
    except ValueError:
        return 0


def shown(chain: bytes) -> Shown:
    """The first certificate of a chain in PEM. Raises VerificationError ``log.signature`` with `detail` if there is
    none that can be read, or its key is of another kind."""
    try:
        certificate = x509.load_pem_x509_certificates(chain)[0]
        key = certificate.public_key()
        names = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    except (ValueError, IndexError):
        raise VerificationError("log.signature", detail="a certificate cannot be read") from None
    if isinstance(key, Ed25519PublicKey):
        public, algorithm = key.public_bytes_raw(), ED25519
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        public, algorithm = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint), ES256
    else:
        raise VerificationError("log.signature", detail="its key is of a kind that is not accepted")
    until = int(certificate.not_valid_after_utc.timestamp() * 1000)
    return Shown(
        str(names[0].value) if names else "", public, algorithm, until, certificate.fingerprint(SHA256()).hex()
    )


def _draw(algorithm: str) -> Ed25519PrivateKey | ec.EllipticCurvePrivateKey:
    return Ed25519PrivateKey.generate() if algorithm == ED25519 else ec.generate_private_key(ec.SECP256R1())


def _held(private: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> Key:
    return ed25519.Key(private) if isinstance(private, Ed25519PrivateKey) else p256.Key(private)


def _name(party: str, what: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, party),
            x509.NameAttribute(NameOID.COMMON_NAME, what),
        ]
    )


def _begin(subject: x509.Name, issuer: x509.Name, public: Any, start: datetime, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(**bits: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: bits.get(name, False) for name in names})
