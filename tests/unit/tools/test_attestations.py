# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest

from answerable.crypto import dsse
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.model.leaves import AttestationLeaf
from answerable.model.records import PartyKey
from answerable.model.units import Space
from answerable.tools import attestations, pins
from tests.small_registry import Registry
from tests.small_tools import WEATHER

WET = "urn:answerable:attestation:wet-lab"
PIN = pins.definition(WEATHER).pin


class World:
    def __init__(self) -> None:
        self.registry = Registry()
        self.book = self.registry.book
        self.party = self.registry.party()
        self.key, self.rid = self.registry.key(self.party)
        self.system = self.registry.system(self.party, digests=("sha256:" + "ab" * 32,))

    def own_keys(self) -> list[PartyKey]:
        rows = [msgspec.json.decode(raw, type=PartyKey) for _, raw in self.book.rows(Space.PARTY_KEYS)]
        return [row for row in rows if row.rid == self.rid]

    def envelope(self, digest: str, predicate: str = WET, **changes: Any) -> bytes:
        body: dict[str, Any] = {
            "_type": attestations.STATEMENT,
            "predicate": {"expires": changes.pop("expires", 0)},
            "predicateType": predicate,
            "subject": [{"name": "it", "digest": {"sha256": digest.removeprefix("sha256:")}}],
        } | changes
        return dsse.sign(attestations.PAYLOAD, json.dumps(body).encode(), self.key, self.rid)

    def read(self, envelope: bytes) -> attestations.Statement:
        return attestations.read(envelope, self.own_keys())


@pytest.fixture
def world() -> World:
    return World()


def code(world: World, envelope: bytes) -> str:
    with pytest.raises(Refused) as found:
        world.read(envelope)
    return found.value.code


def test_one_that_stands_for_a_tools_definition(world: World) -> None:
    envelope = world.envelope(PIN, attestations.TOOL)
    planned = attestations.of_tool(world.read(envelope), PIN, world.system.rid, world.registry.now)
    leaf = decode(planned.unit.leaves[0])
    assert isinstance(leaf, AttestationLeaf)
    assert (leaf.by, leaf.dig, leaf.dsse, leaf.sys) == (
        world.rid, PIN, hashlib.sha256(envelope).hexdigest(), world.system.rid
    )  # fmt: skip
    for other, predicate in ((PIN, WET), ("sha256:" + "0" * 64, attestations.TOOL)):
        said = world.read(world.envelope(other, predicate))
        with pytest.raises(Refused):
            attestations.of_tool(said, PIN, world.system.rid, world.registry.now)


def test_one_about_a_system_holds_until_it_ends(world: World) -> None:
    now = world.registry.now
    assert attestations.holds(world.book, world.system.rid, "", now)
    assert not attestations.holds(world.book, world.system.rid, WET, now)
    said = world.read(world.envelope("sha256:" + "ab" * 32, expires=now + 1_000))
    world.registry.commit(attestations.of_system(world.book, said, world.system, now))  # type: ignore[arg-type]
    assert attestations.holds(world.book, world.system.rid, WET, now)
    assert not attestations.holds(world.book, world.system.rid, WET + "2", now)
    assert not attestations.holds(world.book, "another", WET, now)
    assert not attestations.holds(world.book, world.system.rid, WET, now + 1_000)


def test_one_about_a_system_without_digests_is_about_its_id(world: World) -> None:
    agent = world.registry.system(world.party, "agent", digests=())
    said = world.read(world.envelope(hashlib.sha256(agent.id.encode()).hexdigest()))
    attestations.of_system(world.book, said, agent, world.registry.now)
    with pytest.raises(Refused):
        attestations.of_system(world.book, said, world.system, world.registry.now)


@pytest.mark.parametrize("expires", [1, 2**53 - 1])
def test_one_that_ended_or_never_ends(world: World, expires: int) -> None:
    said = world.read(world.envelope("sha256:" + "ab" * 32, expires=expires))
    with pytest.raises(Refused):
        attestations.of_system(world.book, said, world.system, world.registry.now)


def test_only_by_whom_the_operator_trusts(world: World) -> None:
    other, _ = world.registry.key(world.registry.party("B firm"))
    good = world.envelope(PIN, attestations.TOOL)
    world.read(good)
    with pytest.raises(Refused):
        attestations.read(good, [])
    ended = [msgspec.structs.replace(row, ended=1) for row in world.own_keys()]
    with pytest.raises(Refused):
        attestations.read(good, ended)
    world.key = other
    assert code(world, world.envelope(PIN)) == "tool.attestation", "another's signature under this key's name"


@pytest.mark.parametrize(
    "changes",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"predicateType": ""},
        {"predicateType": 7},
        {"predicateType": "证"},
        {"subject": []},
        {"subject": [{"digest": {"sha512": "ab"}}]},
        {"subject": [{"digest": {"sha256": "AB" * 32}}]},
        {"subject": "it"},
        {"predicate": {"expires": "tomorrow"}},
        {"predicate": {"expires": -1}},
    ],
)
def test_what_is_no_statement(world: World, changes: dict[str, Any]) -> None:
    assert code(world, world.envelope(PIN, **changes)) == "tool.attestation"


@pytest.mark.parametrize(
    "envelope", [b"", b"{}", b"null", b'{"payload":"","payloadType":"x","signatures":[]}', b"\xff"]
)
def test_what_is_no_envelope(world: World, envelope: bytes) -> None:
    assert code(world, envelope) == "tool.attestation"


def test_another_payload_type(world: World) -> None:
    assert code(world, dsse.sign("application/json", b"{}", world.key, world.rid)) == "tool.attestation"
