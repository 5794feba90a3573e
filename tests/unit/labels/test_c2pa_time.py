# SPDX-License-Identifier: Apache-2.0
"""A time stamp by an authority (RFC 3161) where one is named, and none where none is: openssl answers as one, here."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path

import pytest

from answerable.crypto.issuing import issue
from answerable.errors import VerificationError
from answerable.labels import c2pa
from answerable.labels.c2pa_selftest import MEDIA, picture
from answerable.labels.chain import Chain
from answerable.labels.manifest import Said
from answerable.labels.manifest_report import TRUSTED

NOW = int(time.time() * 1000)
ISSUED = issue("a", now_ms=NOW, days=30)
SAID = Said("r", "s", "p", NOW)
SETTINGS = """\
[tsa]
default_tsa = here
[here]
serial = {0}/serial
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
signer_digest = sha256
ess_cert_id_alg = sha256
[req]
distinguished_name = name
prompt = no
x509_extensions = stamping
[name]
CN = time
[stamping]
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
"""


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, timeout=30, capture_output=True)


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[tuple[str, list[bytes]]]:
    """URL of a loopback authority, and the requests that it got."""
    (tmp_path / "a.cnf").write_text(SETTINGS.format(tmp_path))
    (tmp_path / "serial").write_text("01\n")
    openssl(tmp_path, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "a.key", "-out", "a.pem",
            "-days", "3", "-config", "a.cnf")  # fmt: skip
    asked: list[bytes] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["content-length"])))
            (tmp_path / "ask").write_bytes(asked[-1])
            openssl(tmp_path, "ts", "-reply", "-config", "a.cnf", "-queryfile", "ask", "-signer", "a.pem",
                    "-inkey", "a.key", "-out", "reply")  # fmt: skip
            reply = (tmp_path / "reply").read_bytes()
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()
        thread.join()


@pytest.mark.system("openssl")
def test_an_authority_that_is_named_stamps(authority: tuple[str, list[bytes]]) -> None:
    url, asked = authority
    out = BytesIO()
    c2pa.sign(BytesIO(picture()), out, MEDIA, chain=Chain.of(ISSUED, url), said=SAID)
    assert len(asked) == 1
    found = c2pa.read(out, MEDIA, anchors=(ISSUED.root,))
    assert found.state == TRUSTED
    plain = BytesIO()
    c2pa.sign(BytesIO(picture()), plain, MEDIA, chain=Chain.of(ISSUED), said=SAID)
    assert len(asked) == 1, "no authority is asked unless it is named"
    assert c2pa.read(plain, MEDIA).signed_at == ""
    assert found.signed_at.startswith("20")


def test_an_authority_that_does_not_answer_leaves_nothing_signed() -> None:
    with pytest.raises(VerificationError, match=r"label\.c2pa"):
        c2pa.sign(BytesIO(picture()), BytesIO(), MEDIA, chain=Chain.of(ISSUED, "http://127.0.0.1:9/"), said=SAID)
