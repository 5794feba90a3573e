# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.app.node_audiences import Audiences
from answerable.crypto.ed25519 import Key
from answerable.registry import nodes
from answerable.registry.requests import WithdrawKey
from tests.small_registry import DOMAIN, Registry
from tests.unit.registry.test_nodes import request

MAIN = f"spiffe://{DOMAIN}/gateway/main"
BERLIN = f"spiffe://{DOMAIN}/gateway/berlin"


def test_an_enrolled_node_is_signed_for_until_it_is_withdrawn() -> None:
    registry = Registry()
    found = Audiences(registry.book, MAIN)
    assert set(found) == {MAIN}
    rid = registry.commit(nodes.enrol(registry.book, request(registry.party(), Key.generate()), registry.now, by=""))
    assert set(found) == {MAIN, BERLIN}
    assert len(found) == 2
    registry.commit(nodes.withdraw(registry.book, WithdrawKey(key=rid), registry.now, by=""))
    assert BERLIN not in found
    assert MAIN in found
