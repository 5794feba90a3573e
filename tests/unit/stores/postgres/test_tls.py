# SPDX-License-Identifier: Apache-2.0
"""TLS to a server, with certificates of the test's own. The wheel's server is built without TLS, so this one is the
system's."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from answerable.errors import Refused, Unavailable
from answerable.stores.postgres.address import parse
from answerable.stores.postgres.session import Session
from answerable.stores.postgres.store import PostgresStore
from tests.ledger import PAYLOAD_KEY
from tests.postgres import Server, folder_for_all

pytestmark = pytest.mark.system("pg_lsclusters")
USED = "SELECT ssl, version, client_addr IS NOT NULL AS tcp FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)" + (
    " WHERE pid = pg_backend_pid()"
)


class Authority:
    def __init__(self, folder: Path, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._signed(self.name, self.key, [], True, timedelta(days=1)))
        self.file.chmod(0o644)

    def issue(self, folder: Path, *names: x509.GeneralName, days: int = 1) -> tuple[Path, Path]:
        """(certificate, key) of a server, as files that it may use."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        files = folder / "server.pem", folder / "server.key"
        files[0].write_bytes(self._signed(subject, key, names, False, timedelta(days=days)))
        files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        for file in files:
            file.chmod(0o600)
            if os.geteuid() == 0:
                os.chown(file, 65534, 65534)
        return files

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        names: Sequence[x509.GeneralName],
        ca: bool,
        lasts: timedelta,
    ) -> bytes:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + lasts)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)


class Reached(Server):
    """A server at a port of loopback."""

    def url(self, database: str = "postgres", role: str = "postgres") -> str:
        return super().url(database, role) + f"&port={self.options['port']}"

    def over(self, host: str, **query: object) -> str:
        words = "&".join(f"{name}={value}" for name, value in query.items())
        return f"postgresql://postgres@{host}:{self.options['port']}/postgres?{words}"


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


def reachable(folder: Path, **options: str) -> Reached:
    system = max(Path("/usr/lib/postgresql").glob("*/bin"))
    return Reached(folder, bin=system, listen_addresses="127.0.0.1", port=free_port(), **options)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with folder_for_all() as made:
        yield made


@pytest.fixture(scope="module")
def ours(folder: Path) -> Authority:
    return Authority(folder, "ours")


@pytest.fixture(scope="module")
def server(folder: Path, ours: Authority) -> Iterator[Reached]:
    """It shows a certificate for `localhost`, and lets nobody in over TCP without TLS."""
    certificate, key = ours.issue(folder, x509.DNSName("localhost"))
    made = reachable(folder, ssl="on", ssl_cert_file=str(certificate), ssl_key_file=str(key))
    (made.data / "pg_hba.conf").write_text("local all all trust\nhostssl all all 127.0.0.1/32 trust\n")
    made.sql("SELECT pg_reload_conf()")
    yield made
    made.close()


def refused(url: str) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        Session(parse(url, environ={})).close()
    return caught.value


def test_a_store_over_tls(server: Reached, ours: Authority, tmp_path: Path) -> None:
    address = parse(server.over("localhost", sslmode="verify-full", sslrootcert=ours.file), environ={})
    store = PostgresStore.create(tmp_path / "store", address, payload_key=PAYLOAD_KEY)
    try:
        assert store.head()[0] == 0
        row = store._session.row(USED)
        assert (row["ssl"], row["tcp"]) == (True, True)
        assert row["version"] in ("TLSv1.2", "TLSv1.3")
    finally:
        store.close()


def test_an_authority_that_was_not_named_is_not_believed(server: Reached, folder: Path) -> None:
    other = Authority(folder, "another")
    for mode in ("verify-full", "verify-ca"):
        error = refused(server.over("localhost", sslmode=mode, sslrootcert=other.file))
        assert (error.code, error.params["detail"]) == ("store.unreachable", "SSLCertVerificationError")


def test_the_certificate_is_of_the_name_that_was_asked_for(server: Reached, ours: Authority) -> None:
    error = refused(server.over("127.0.0.1", sslmode="verify-full", sslrootcert=ours.file))
    assert error.params["detail"] == "SSLCertVerificationError"
    # `verify-ca` asks who signed and no more: it says so by its name.
    Session(parse(server.over("127.0.0.1", sslmode="verify-ca", sslrootcert=ours.file), environ={})).close()


def test_without_an_authority_nothing_is_believed(
    server: Reached, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert refused(server.over("localhost", sslmode="verify-full")).code == "store.unreachable"
    missing = server.over("localhost", sslmode="verify-full", sslrootcert=tmp_path / "none.pem")
    assert refused(missing).code == "store.unreachable"


def test_a_server_that_asks_for_tls_gets_no_plain_connection(server: Reached) -> None:
    assert refused(server.over("127.0.0.1", sslmode="disable")).code == "store.denied"


def test_the_last_word_on_the_mode_counts_for_both(server: Reached, ours: Authority, tmp_path: Path) -> None:
    twice = server.over("localhost", sslrootcert=ours.file) + "&sslmode=verify-full&sslmode=disable"
    assert refused(twice).code == "store.denied"  # what the driver took: no TLS
    with pytest.raises(Refused, match="verify-full"):
        parse(twice.replace("@localhost", "@db.example"), environ={})


def test_a_certificate_that_is_over(folder: Path, ours: Authority) -> None:
    with folder_for_all() as place:
        certificate, key = ours.issue(place, x509.DNSName("localhost"), days=-1)
        made = reachable(place, ssl="on", ssl_cert_file=str(certificate), ssl_key_file=str(key))
        try:
            error = refused(made.over("localhost", sslmode="verify-full", sslrootcert=ours.file))
            assert error.params["detail"] == "SSLCertVerificationError"
        finally:
            made.close()


def test_a_server_without_tls_is_not_used_where_tls_is_asked_for(ours: Authority) -> None:
    with folder_for_all() as place:
        made = reachable(place)
        try:
            for mode in ("verify-full", "verify-ca", "require"):
                error = refused(made.over("localhost", sslmode=mode, sslrootcert=ours.file))
                assert error.code == "store.unreachable"
            Session(parse(made.over("localhost", sslmode="disable"), environ={})).close()  # it does answer
        finally:
            made.close()
