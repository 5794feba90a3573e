# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.model.leaves import CopyLeaf
from answerable.registry import copies
from answerable.registry.requests import EndCopy, StartCopy
from tests.small_registry import Registry, sign


def code(registry: Registry, request: StartCopy) -> str:
    with pytest.raises(Refused) as caught:
        copies.start(registry.book, request, registry.now)
    return caught.value.code


def test_a_copy_starts_by_its_own_key_and_ends() -> None:
    registry = Registry()
    system = registry.system(registry.party())
    key = Key.generate()
    planned = copies.start(registry.book, registry.starting(system, key), registry.now)
    registry.commit(planned)
    copy = registry.book.copy(planned.id)
    assert copy is not None
    assert (copy.rid, copy.key, copy.process) == (planned.rid, b64u(key.public), "pid:4711:99")
    assert copy.id == copies.copy_id(system, key.public)
    assert copy.id.startswith(system.id + "/copy/")
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, CopyLeaf)
    assert (leaf.st, leaf.loc, leaf.sys, leaves.rid(registry.leaves[-1])) == ("start", "process", system.rid, copy.rid)
    assert list(registry.book.copies_of(system.rid)) == [copy]
    registry.commit(copies.end(registry.book, EndCopy(copy=copy.id), registry.now + 5))
    ended = registry.book.copy(copy.rid)
    assert ended is not None
    assert ended.ended == registry.now + 5
    assert list(registry.book.copies_of(system.rid)) == []
    with pytest.raises(Refused, match=r"system\.copy_ended"):
        copies.end(registry.book, EndCopy(copy=copy.id), registry.now)
    assert code(registry, registry.starting(system, key)) == "party.key_taken", "a key never comes back"


def test_possession_of_the_key_is_shown_over_this_copy_alone() -> None:
    registry = Registry()
    firm = registry.party()
    system, other = registry.system(firm, "one"), registry.system(firm, "two")
    key = Key.generate()
    good = registry.starting(system, key)
    assert code(registry, msgspec.structs.replace(good, system=other.rid)) == "party.signature"
    assert code(registry, msgspec.structs.replace(good, nonce=nonce())) == "party.signature"
    assert code(registry, msgspec.structs.replace(good, key=b64u(Key.generate().public))) == "party.signature"
    elsewhere = sign(copies.start_statement(system, good), key, "other.example/log")
    assert code(registry, msgspec.structs.replace(good, signature=elsewhere)) == "party.signature"
    assert code(registry, msgspec.structs.replace(good, key="AAAA")) == "party.key"
    registry.commit(copies.start(registry.book, good, registry.now))
    assert code(registry, good) == "party.replayed"


def test_a_copy_is_a_process_or_an_endpoint_and_not_a_row() -> None:
    registry = Registry()
    system = registry.system(registry.party())
    for place in (
        {"process": ""},
        {"process": "pid:1:1", "endpoint": "https://a.example"},
        {"process": "4711"},
        {"process": "pid:0:1"},
    ):
        assert code(registry, registry.starting(system, **place)) == "system.copy_place"
    secret = registry.starting(system, process="", endpoint="https://u:p@a.example")
    assert code(registry, secret) == "system.field"
    remote = registry.starting(system, process="", endpoint="https://a.example/v1")
    registry.commit(copies.start(registry.book, remote, registry.now))
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, CopyLeaf)
    assert leaf.loc == "endpoint"


def test_no_copy_of_what_is_stopped_and_a_stop_that_comes_between_wins() -> None:
    registry = Registry()
    system = registry.system(registry.party())
    planned = copies.start(registry.book, registry.starting(system), registry.now)
    registry.stop(system)
    with pytest.raises(Refused, match=r"log\.conflict"):
        registry.commit(planned)
    assert code(registry, registry.starting(system)) == "stop.system"
    assert code(registry, msgspec.structs.replace(registry.starting(system), system="x")) == "system.unknown"
