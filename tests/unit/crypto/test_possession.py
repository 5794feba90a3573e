# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ssl
import subprocess
import sys

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.possession import authority, certificate, public_of
from tests.small_certificates import Authority

KEY = Key.from_seed(b"\x01" * 32)
COPY = "spiffe://example.invalid/system/a/copy/b"


def test_the_authority_is_the_same_bytes_in_every_process() -> None:
    code = "import sys; from answerable.crypto.possession import authority; sys.stdout.buffer.write(authority())"
    elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert elsewhere.stdout == authority()


def test_a_certificate_is_for_the_key_and_stands_under_the_authority() -> None:
    made = x509.load_pem_x509_certificate(certificate(KEY, COPY))
    above = x509.load_pem_x509_certificate(authority())
    made.verify_directly_issued_by(above)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [COPY]
    assert public_of(made.public_bytes(Encoding.DER)) == b64u(KEY.public)
    assert made.not_valid_after_utc.year == 9999


def test_no_key_is_read_of_one_of_another_kind_or_of_what_is_no_certificate() -> None:
    der, _ = Authority(1_800_000_000_000).issue("X", 1_800_000_000_000, key=ec.generate_private_key(ec.SECP256R1()))
    assert public_of(der) == ""
    assert public_of(b"") == ""
    assert public_of(certificate(KEY, COPY)) == ""  # PEM is not DER


def test_it_signs_no_authority_below_itself() -> None:
    above = x509.load_pem_x509_certificate(authority())
    assert above.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_verify_locations(cadata=authority().decode())
    assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize("name", ["spiffe://x/system/y/copy/z", "spiffe://a"])
def test_two_certificates_of_one_key_differ_in_their_numbers_alone(name: str) -> None:
    one, two = (x509.load_pem_x509_certificate(certificate(KEY, name)) for _ in range(2))
    assert one.serial_number != two.serial_number
    assert one.public_key() == two.public_key()
