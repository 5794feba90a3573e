# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.net.hosts import Hosts

HOSTS = Hosts(["Witness.example.com", "", "2001:db8::1", "bücher.example"])


@pytest.mark.parametrize(
    "host",
    [
        b"localhost",
        b"LOCALHOST:8403",
        b"127.0.0.1:8403",
        b"[::1]",
        b"[::1]:8403",
        b"witness.example.com",
        b"witness.example.com:443",
        b"[2001:db8::1]:8403",
        b"xn--bcher-kva.example",
    ],
)
def test_its_own_names(host: bytes) -> None:
    assert host in HOSTS


@pytest.mark.parametrize(
    "host",
    [b"", b"evil.example", b"localhost.evil.example", b"localhost:x", b"127.0.0.2", b"::1", b":80", b"localhost:"],
)
def test_every_other_name(host: bytes) -> None:
    assert host not in HOSTS
    assert "localhost" not in HOSTS  # bytes, as they came
