# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.net.hosts import Hosts, source

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


def test_a_network_of_addresses_is_one_stranger() -> None:
    assert source("192.0.2.7") == "192.0.2.7"
    assert source("2001:db8:1:2::7") == source("2001:db8:1:2:ffff::1") != source("2001:db8:1:3::7")
    assert source("::ffff:192.0.2.7") == "192.0.2.7"
    assert source("fe80::1%eth0") == "fe80::"
    assert (source(""), source("a:b")) == ("", "a:b")


@pytest.mark.parametrize("name", ["a..b", ".", "..", ".example", "x" * 64 + ".example", "\u00e9::1", "a\ud800"])
def test_what_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(Refused, match=r"config\.value") as refused:
        Hosts(["witness.example.com", name])
    assert refused.value.exit == 2
