# SPDX-License-Identifier: Apache-2.0
"""What is grave passes the whole gate, over TLS, before a server that writes down what ran: a wet laboratory, a device
on a body and a switch of the grid ask what the table of domains asks, are refused without it and recorded."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest
import pytest_asyncio

from answerable.app.witnessing import serve
from answerable.control.routes import tools
from answerable.control.routing import Call
from answerable.crypto import dsse
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce, salt
from answerable.errors import Refused
from answerable.log import trust
from answerable.log.statement import to_sign
from answerable.model.leaves import OpenLeaf
from answerable.model.records import System
from answerable.model.terms import Criticality, Effect, Role, SystemKind, World
from answerable.model.tools import Bound, ToolClass
from answerable.net.clients import show
from answerable.policy.worlds import floor
from answerable.registry import keys, parties
from answerable.registry.ids import unassigned_lei
from answerable.registry.requests import EnrolKey, PartySpec, RegisterParty, VouchParty
from answerable.tools import attestations
from answerable.warrants.gate import audience_of
from answerable.witness.files import Folder
from answerable.witness.witness import Witness
from tests.mcp_servers import Journal
from tests.small_mcp import child
from tests.small_servers import services_of
from tests.small_tools import body
from tests.tool_gate import Gate, gate
from tests.unit.app.small_store import OPERATOR

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROGRAM = """
while True:
    m = read()
    if m.get('method') == 'tools/list':
        say({'jsonrpc': '2.0', 'id': m['id'], 'result': {'tools': json.loads(sys.argv[1])}})
        continue
    if m.get('method') == 'tools/call':
        p = m['params']
        with open(sys.argv[2], 'a') as out:
            out.write(json.dumps({'tool': p['name'], 'arguments': p['arguments']}) + '\\n')
    good(m)
"""
LISTED = [
    body("culture", "Grow a culture.", properties={"strain": {"type": "string"}}),
    body("flex", "Bend the knee.", properties={"degrees": {"type": "number"}}),
    body("switch", "Open a feeder.", properties={"feeder": {"type": "string"}}),
]


def graded(domain: str, effect: Effect, *bounds: Bound) -> ToolClass:
    """The least that the table of domains lets a person say of it."""
    least = floor(domain, effect)
    assert least is not None
    return ToolClass(
        world=least.world, criticality=least.criticality, domain=domain, effect=effect, approvals=least.approvals,
        roles=least.roles, attestation=least.attestation, envelope=bounds or None, idempotency_s=60,
        max_tier=least.max_tier,
    )  # fmt: skip


CLASSES = {
    "culture": graded("wet_lab", Effect.WRITE),
    "flex": graded("body_device", Effect.WRITE, Bound(at="/degrees", least="0", most="90")),
    "switch": graded("grid", Effect.IRREVERSIBLE, Bound(at="/feeder", one_of=("F1", "F2"))),
}


class Caller:
    """A system whose copy, with that rid, has a key of its own and shows its warrant. by: "proven", over a connection
    that proves the key, or "bare", over one that proves nothing."""

    def __init__(self, world: Grave, system: System, copy: str, token: str, proven: httpx.AsyncClient) -> None:
        self._world, self.system, self.copy, self._token, self._proven = world, system, copy, token, proven

    async def __call__(self, tool: str, by: str = "proven", /, **arguments: Any) -> dict[str, Any]:
        g = self._world.g
        plain, g.http = g.http, self._proven if by == "proven" else g.http
        try:
            asked = {"name": tool, "arguments": arguments}
            answer = await g.modern("desk", "tools/call", asked, key=self._token)
        finally:
            g.http = plain
        found: dict[str, Any] = answer.json()["result"]
        return found

    async def refused(self, code: str, rule: str, tool: str, by: str = "proven", /, **arguments: Any) -> None:
        """It is refused so, recorded so under this system, and nothing runs."""
        before, ran = len(await self._world.g.opens()), len(self._world.journal.read())
        error = (await self(tool, by, **arguments))["_meta"]["answerable/error"]
        assert error["code"] == code
        (leaf,) = (await self._world.g.opens())[before:]
        assert (leaf.dec, leaf.err, leaf.rule, leaf.sys) == ("refuse", code, rule, self.system.rid)
        assert len(self._world.journal.read()) == ran

    async def held(self, tool: str, by: str = "proven", /, **arguments: Any) -> str:
        """It waits for two people, recorded, and nothing runs; the hold."""
        before, ran = len(await self._world.g.opens()), len(self._world.journal.read())
        hold = (await self(tool, by, **arguments))["_meta"]["answerable/hold"]
        assert (hold["state"], hold["needed"]) == ("pending", 2)
        (leaf,) = (await self._world.g.opens())[before:]
        assert (leaf.dec, leaf.sys) == ("hold", self.system.rid)
        assert len(self._world.journal.read()) == ran
        return str(hold["hold"])


class Grave:
    def __init__(self, g: Gate, journal: Journal, certificate: Path) -> None:
        self.g, self.journal, self._certificate = g, journal, certificate
        self._attester: tuple[Key, str]
        self._registrar = ""

    async def known(self) -> None:
        """A registrar vouches for the operator and insures, and the operator's own key attests."""
        core = self.g.core
        admin = self.g.person("admin").kid
        registrar = self._registrar = await core.commit(
            parties.register(core.book, RegisterParty(id=unassigned_lei("registrar"), name="Registrar"), core.now)
        )
        self._attester = await self._key(OPERATOR, admin)
        key, rid = await self._key(registrar, admin, registrar=True)
        party, found = core.book.party(OPERATOR), core.book.party(registrar)
        assert party is not None
        assert found is not None
        drawn, salted = nonce(), b64u(salt())
        leaf = parties.vouch_statement(party, found, drawn=drawn, salt=salted)
        signature = b64u(key.sign(to_sign(leaf, core.origin)))
        request = VouchParty(party=party.rid, key=rid, nonce=drawn, salt=salted, signature=signature)
        await core.commit(parties.vouch(core.book, request, core.now))

    async def _key(self, ref: str, by: str, **more: Any) -> tuple[Key, str]:
        core, key = self.g.core, Key.generate()
        party = core.book.party(ref)
        assert party is not None
        draft = EnrolKey(party=party.rid, key=b64u(key.public), nonce=nonce(), signature="", **more)
        signature = b64u(key.sign(to_sign(keys.enrol_statement(party, draft), core.origin)))
        request = msgspec.structs.replace(draft, signature=signature)
        admin = core.book.admin(by)
        assert admin is not None
        return key, await core.commit(keys.enrol(core.book, request, core.now, by=admin.rid))

    async def attest(self, system: System, predicate: str) -> None:
        key, rid = self._attester
        subject = {"digest": {"sha256": system.digests[0].removeprefix("sha256:")}}
        said = {"_type": attestations.STATEMENT, "predicateType": predicate, "predicate": {}, "subject": [subject]}
        envelope = b64u(dsse.sign(attestations.PAYLOAD, json.dumps(said).encode(), key, rid))
        person = self.g.core.book.admin(self.g.person("admin").kid)
        await tools.attest(
            services_of(self.g.service), Call(tools.Attest(system=system.rid, envelope=envelope), person=person)
        )

    @asynccontextmanager
    async def caller(self, name: str, world: World, most: Criticality) -> AsyncIterator[Caller]:
        g, key = self.g, Key.generate()
        system = await g.register(
            name, SystemKind.AGENT, worlds=(World.INFORMATION, world), criticality=most, max_criticality=most,
            licence="Apache-2.0", digests=("sha256:" + sha256(name.encode()).hexdigest(),),
            parties=(PartySpec(party=self._registrar, role=Role.INSURER),),
        )  # fmt: skip
        rid = await g.copy(system, key)
        copy = g.core.book.copy(rid)
        assert copy is not None
        granted = await g.service._issuer.grant(rid, aud=audience_of(g.core.book.domain), nonce=nonce())
        context = ssl.create_default_context(cafile=str(self._certificate))
        show(context, key, copy.id)
        async with httpx.AsyncClient(base_url=g.url, timeout=30, verify=context) as proven:
            yield Caller(self, system, rid, granted.token, proven)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Certificate and key of the gateway."""
    folder = tmp_path_factory.mktemp("worlds")
    certificate, key = folder / "tls.crt", folder / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@asynccontextmanager
async def witness(folder: Path) -> AsyncIterator[tuple[Folder, dict[str, Any]]]:
    """One that cosigns what systems so grave do before they do it, and the settings of a log that asks it."""
    made = Folder.create(folder / "witness", "witness.invalid")
    (folder / "policy").write_text(f"witness w {made.keys().verifiers[1]}\nquorum w\n")
    urls: asyncio.Queue[str] = asyncio.Queue()
    ended = asyncio.Event()

    async def announce(url: str, _witness: Witness) -> None:
        await urls.put(url)

    task = asyncio.create_task(serve(folder / "witness", "127.0.0.1", 0, announce, ended))
    try:
        url = await asyncio.wait_for(urls.get(), 20)
        yield (
            made,
            {"log__policy": str(folder / "policy"), "log__witnesses__w": url, "log__witness_every_s": 0.2},
        )
    finally:
        ended.set()
        await asyncio.wait_for(task, 20)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(pair: tuple[Path, Path]) -> AsyncIterator[Grave]:
    folder = pair[0].parent
    certificate, key = pair
    command = [*child(PROGRAM), json.dumps(LISTED), str(folder / "journal")]
    flags = {"gateway__tls_certificate": str(certificate), "gateway__tls_key": str(key)}
    async with (
        witness(folder) as (watching, settings),
        gate(folder, command=command, classes=CLASSES, registry__attesters=[OPERATOR], **flags, **settings) as g,
    ):
        for log in trust.parse((g.core.config.store_path / "trust.txt").read_bytes()).logs:
            watching.watch(str(log))
        made = Grave(g, Journal(folder / "journal"), certificate)
        await made.known()
        yield made


async def permitted(g: Gate) -> OpenLeaf:
    return [leaf for leaf in await g.opens() if leaf.dec == "permit"][-1]


async def test_a_wet_laboratory_needs_its_attestation_and_then_two_people(world: Grave) -> None:
    predicate = CLASSES["culture"].attestation
    async with world.caller("Laboratory", World.BIOLOGICAL, Criticality.CRITICAL) as lab:
        await lab.refused("policy.refused", "R023", "culture", strain="a")
        # Neither another's attestation counts, nor another one of its own.
        async with world.caller("Other laboratory", World.BIOLOGICAL, Criticality.CRITICAL) as other:
            await world.attest(other.system, predicate)
            await world.attest(lab.system, CLASSES["switch"].attestation)
            await lab.refused("policy.refused", "R023", "culture", strain="a")
            await other.held("culture", strain="a")
        await world.attest(lab.system, predicate)
        hold = await lab.held("culture", strain="b")
        await world.g.vote(hold)
        assert (await lab("culture", strain="b"))["_meta"]["answerable/hold"]["have"] == 1
        assert world.journal.read("culture") == []
        await world.g.vote(hold, person="officer-1")
        assert "answerable/error" not in (await lab("culture", strain="b"))["_meta"]
        assert [line["arguments"] for line in world.journal.read("culture")] == [{"strain": "b"}]
        await lab.held("culture", strain="c")  # each act anew


async def test_a_device_on_a_body_moves_within_its_envelope_under_its_guard_and_never_waits(world: Grave) -> None:
    async with world.caller("Knee", World.PHYSICAL, Criticality.SENSITIVE) as knee:
        await knee.refused("policy.refused", "R023", "flex", degrees=30)
        await world.attest(knee.system, CLASSES["flex"].attestation)
        await knee.refused("policy.refused", "R022", "flex", "bare", degrees=30)
        with pytest.raises(Refused) as handle:  # which proves no key: it has none
            await world.g.handle(knee.copy)
        assert handle.value.code == "handle.tier"
        await knee.refused("tool.envelope", "R000", "flex", degrees=91)
        await knee.refused("tool.envelope", "R000", "flex", degrees=30, speed=9)
        assert "answerable/error" not in (await knee("flex", degrees=90))["_meta"]
        assert [line["arguments"] for line in world.journal.read("flex")] == [{"degrees": 90}]
        leaf = await permitted(world.g)
        assert (leaf.sys, leaf.rule) == (knee.system.rid, "R103")


async def test_a_switch_of_the_grid_asks_what_the_table_asks(world: Grave) -> None:
    async with world.caller("Control room", World.PHYSICAL, Criticality.CRITICAL) as room:
        await room.refused("policy.refused", "R022", "switch", "bare", feeder="F1")
        await room.refused("policy.refused", "R023", "switch", feeder="F1")
        await world.attest(room.system, CLASSES["switch"].attestation)
        await room.refused("tool.envelope", "R000", "switch", feeder="F3")
        hold = await room.held("switch", feeder="F1")
        # Two of one duty are not two people of different duties.
        await world.g.vote(hold, person="officer-1")
        await world.g.vote(hold, person="officer-2")
        assert (await room("switch", feeder="F1"))["_meta"]["answerable/hold"]["state"] == "pending"
        assert world.journal.read("switch") == []
        await world.g.vote(hold)
        assert "answerable/error" not in (await room("switch", feeder="F1"))["_meta"]
        assert [line["arguments"] for line in world.journal.read("switch")] == [{"feeder": "F1"}]
