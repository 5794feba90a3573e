# SPDX-License-Identifier: Apache-2.0
"""Which addresses are of a bus, and that none carries a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerable.buses.dialled import DialledBus
from answerable.buses.memory import MemoryBus
from answerable.buses.opening import open_bus
from answerable.errors import Refused


def test_memory_is_what_nothing_else_is_said() -> None:
    assert isinstance(open_bus(""), MemoryBus)
    assert isinstance(open_bus("memory:"), MemoryBus)


async def test_servers_by_their_scheme() -> None:
    for url in ("postgresql://role@/db", "nats://127.0.0.1:1", "tls://nats.example.org:4222"):
        assert isinstance(open_bus(url), DialledBus)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql://role:secret@host/db", "bus.address"),
        ("postgresql://role@host/db?password=secret", "bus.address"),
        ("nats://user:secret@host", "bus.address"),
        ("nats://host.example.org:4222", "bus.address"),
        ("redis://host", "bus.address"),
        ("nats://[", "bus.address"),
    ],
)
def test_addresses_that_are_none_or_hold_a_secret(url: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        open_bus(url)
    assert refused.value.code == code
    assert "secret" not in str(refused.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for more in ({"secret_file": str(tmp_path / "no")}, {"ca_file": str(tmp_path / "no")}):
        with pytest.raises(Refused) as refused:
            open_bus("nats://127.0.0.1", **more)
        assert refused.value.code == "config.value"
