# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests: of a server on loopback, and an authority whose certificates name an identifier as EN 319
412-1 does."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID


def pair(folder: Path, name: str) -> tuple[Path, Path]:
    """Files: a certificate for 127.0.0.1 that signs itself, and its key. By OpenSSL's own program."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


class Authority:
    """root: DER of its self-signed certificate."""

    def __init__(self, now_ms: int, name: str = "Test root") -> None:
        self.now = datetime.fromtimestamp(now_ms / 1000, UTC)
        self.key = Ed25519PrivateKey.generate()
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.root = (
            self._builder(self.name, self.name, self.key.public_key(), ca=True, below=1).sign(self.key, None)
        ).public_bytes(Encoding.DER)

    def issue(
        self, identifier: str, now_ms: int, *, key: Any = None, days: int = 30, ca: bool = False, critical: bool = False
    ) -> tuple[bytes, Any]:
        """A certificate (DER) whose organizationIdentifier is `identifier`, and its key."""
        key = key or Ed25519PrivateKey.generate()
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, "A firm"),
                x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, identifier),
            ]
        )
        builder = self._builder(subject, self.name, key.public_key(), ca=ca, days=days)
        if critical:
            builder = builder.add_extension(
                x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00"), critical=True
            )
        return builder.sign(self.key, None).public_bytes(Encoding.DER), key

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: Any, *, ca: bool, days: int = 30, below: int = 0
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=1))
            .not_valid_after(self.now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=below if ca else None), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=not ca, content_commitment=False, key_encipherment=False, data_encipherment=False,
                    key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
                ),
                critical=True,
            )
        )  # fmt: skip


def ecdsa(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    return key.sign(message, ec.ECDSA(hashes.SHA256()))
