# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.ports import host
from tests.interfaces import contracts


def test_these_are_the_contracts_and_their_members() -> None:
    assert contracts(host) == {
        "Clock": {"mono_ms", "now_ms"},
        "Signer": {"public", "sign"},
        "Bus": {"close", "name", "publish", "subscribe"},
    }
