# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from answerable.admission.clocks import ClockMode
from answerable.crypto.b64 import b64u
from answerable.errors import Refused, VerificationError
from answerable.machines.site_file import SiteFile, read, write
from tests.fleet import key
from tests.small_site import envelope, envelope_token
from tests.unit.admission.a_stop import ISSUER, KID, ORIGIN, T0

SITE_FILE = SiteFile(v=1, token=envelope_token(envelope(T0)), origin=ORIGIN, issuers={KID: b64u(ISSUER.public)})


def test_it_carries_an_envelope_and_pins(tmp_path: Path) -> None:
    path = tmp_path / "site.envelope"
    write(path, SITE_FILE)
    assert read(path) == SITE_FILE
    assert read(path).envelope() == envelope(T0)
    assert read(path).view(ClockMode.SAME_HOST).trust.origin == ORIGIN
    named = msgspec.structs.replace(SITE_FILE, named={"a": "Surveillance"})
    assert named.trust().named == {"a": "Surveillance"}
    with pytest.raises(Refused):
        write(path, SITE_FILE)  # never over another


@pytest.mark.parametrize("data", [b"", b"{}", b'{"v":2}', b"\xff", b"x" * (2 << 20)])
def test_what_is_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "site.envelope"
    path.write_bytes(data)
    with pytest.raises(Refused) as error:
        read(path)
    assert error.value.code == "config.value"


def test_the_envelope_is_by_who_is_pinned() -> None:
    forged = SiteFile(v=1, token=SITE_FILE.token, origin=ORIGIN, issuers={KID: b64u(key("stranger").public)})
    with pytest.raises(VerificationError):
        forged.envelope()
