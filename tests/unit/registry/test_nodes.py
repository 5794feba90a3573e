# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.log.note import VerifierKey
from answerable.model.leaves import CopyLeaf, KeyLeaf
from answerable.model.records import Party
from answerable.model.terms import AdminRole
from answerable.registry import copies, nodes
from answerable.registry.nodes import EnrolNode
from answerable.registry.requests import StartCopy, WithdrawKey
from tests.small_registry import ORIGIN, Registry, sign


def vkey(origin: str = "berlin.example") -> str:
    return str(VerifierKey.of(origin, Key.generate().public))


def request(party: Party, key: Key, name: str = "berlin", log: str = "") -> EnrolNode:
    log = log or vkey(f"{name}.example")
    draft = EnrolNode(
        party=party.rid,
        name=name,
        key=b64u(key.public),
        log=log,
        nonce=nonce(),
        signature="",
    )
    return msgspec.structs.replace(draft, signature=sign(nodes.enrol_statement(party, draft), key))


def code(registry: Registry, asked: EnrolNode, by: str = "") -> str:
    with pytest.raises(Refused) as caught:
        nodes.enrol(registry.book, asked, registry.now, by=by)
    return caught.value.code


def test_a_node_is_enrolled_by_whoever_holds_its_key_and_withdrawn_for_ever() -> None:
    registry = Registry()
    party, key = registry.party(), Key.generate()
    asked = request(party, key)
    rid = registry.commit(nodes.enrol(registry.book, asked, registry.now, by=""))
    row = nodes.in_force(registry.book, "berlin")
    assert (row.rid, row.party, row.key, row.log) == (rid, party.rid, b64u(key.public), asked.log)
    assert nodes.running(registry.book) == (row,) == tuple(registry.book.nodes())
    leaf = decode(registry.leaves[-1])
    assert isinstance(leaf, KeyLeaf)
    assert nodes.said(leaf) == ("berlin", asked.log)
    registry.commit(nodes.withdraw(registry.book, WithdrawKey(key=rid), registry.now + 1, by=""))
    assert not nodes.running(registry.book)
    with pytest.raises(Refused, match=r"node\.unknown"):
        nodes.in_force(registry.book, rid)
    assert code(registry, request(party, Key.generate())) == "node.taken"  # a warrant of the past is for no other one


def test_only_an_administrator_enrols_once_there_is_one() -> None:
    registry = Registry()
    _, admin = registry.admin(registry.person(), AdminRole.ADMINISTRATOR)
    _, officer = registry.admin(registry.person(), AdminRole.OFFICER)
    party = registry.party()
    assert code(registry, request(party, Key.generate())) == "party.by"
    assert code(registry, request(party, Key.generate()), by=officer) == "party.by"
    rid = registry.commit(nodes.enrol(registry.book, request(party, Key.generate()), registry.now, by=admin))
    with pytest.raises(Refused, match=r"party\.by"):
        nodes.withdraw(registry.book, WithdrawKey(key=rid), registry.now, by=officer)


def test_names_logs_and_signatures_that_will_not_do() -> None:
    registry = Registry()
    party, key = registry.party(), Key.generate()
    for name in ("main", "Berlin", "", "a b", "-x", "x" * 70, "a/b"):
        assert code(registry, request(party, key, name, vkey())) == "node.name"
    assert code(registry, request(party, key, log="nothing")) == "node.log"
    assert code(registry, request(party, key, log=vkey(ORIGIN))) == "node.log"
    foreign = msgspec.structs.replace(request(party, key), key=b64u(Key.generate().public))
    assert code(registry, foreign) == "party.signature"
    registry.commit(nodes.enrol(registry.book, request(party, key, log=vkey("one.example")), registry.now, by=""))
    assert code(registry, request(party, Key.generate(), "paris", vkey("one.example"))) == "node.taken"


def test_a_copy_names_the_node_that_keeps_it() -> None:
    registry = Registry()
    system, key = registry.system(registry.party(vouched=True)), Key.generate()
    draft = StartCopy(
        system=system.rid, key=b64u(key.public), nonce=nonce(), signature="", endpoint="https://x.example/"
    )
    asked = msgspec.structs.replace(draft, signature=sign(copies.start_statement(system, draft), key))
    rid = registry.commit(copies.start(registry.book, asked, registry.now, node="the node"))
    copy, leaf = registry.book.copy(rid), decode(registry.leaves[-1])
    assert copy is not None
    assert copy.node == "the node"
    assert isinstance(leaf, CopyLeaf)
    assert nodes.keeper(leaf) == "the node"
