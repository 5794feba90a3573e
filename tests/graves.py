# SPDX-License-Identifier: Apache-2.0
"""A gate over TLS in front of a server that writes down what ran: systems with keys and warrants of their own, whoever
attests and vouches for them, and a witness for what the gravest of them do."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec

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
from answerable.model.leaves import ApprovalLeaf, OpenLeaf
from answerable.model.records import System
from answerable.model.terms import Criticality, Effect, Role, SystemKind, World
from answerable.model.tools import Bound, ToolClass, ToolMeter
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
from tests.small_certificates import pair
from tests.small_mcp import LISTED, child
from tests.small_servers import services_of
from tests.tool_gate import Gate, gate
from tests.unit.app.small_store import OPERATOR


def graded(domain: str, effect: Effect, *bounds: Bound, meters: tuple[ToolMeter, ...] = ()) -> ToolClass:
    """The least that the table of domains lets a person say of it."""
    least = floor(domain, effect)
    assert least is not None
    return ToolClass(
        world=least.world, criticality=least.criticality, domain=domain, effect=effect, approvals=least.approvals,
        roles=least.roles, attestation=least.attestation, envelope=bounds or None, idempotency_s=60,
        max_tier=least.max_tier, meters=meters,
    )  # fmt: skip


class Caller:
    """A system whose copy, with that rid, has a key of its own and shows its warrant, a fresh one with each call: they
    live for seconds. by: "proven", over a connection that proves the key, or "bare", over one that proves nothing."""

    def __init__(self, world: Grave, system: System, copy: str, proven: httpx.AsyncClient) -> None:
        self._world, self.system, self.copy, self._proven = world, system, copy, proven
        self._boot, self._seq = "", 0

    async def __call__(self, tool: str, by: str = "proven", /, **arguments: Any) -> dict[str, Any]:
        g = self._world.g
        token = await self._warrant()
        plain, g.http = g.http, self._proven if by == "proven" else g.http
        try:
            asked = {"name": tool, "arguments": arguments}
            answer = await g.modern("desk", "tools/call", asked, key=token)
        finally:
            g.http = plain
        found: dict[str, Any] = answer.json()["result"]
        return found

    async def _warrant(self) -> str:
        """The next one of its boot; of another boot where the issuer has forgotten one that had ended."""
        issuer, aud = self._world.g.service._issuer, audience_of(self._world.g.core.book.domain)
        try:
            self._seq += 1
            return issuer.renew(self.copy, aud=aud, nonce=self._boot, seq=self._seq).token
        except Refused:
            self._boot, self._seq = nonce(), 1
            return (await issuer.grant(self.copy, aud=aud, nonce=self._boot)).token

    async def refused(self, code: str, rule: str, tool: str, by: str = "proven", /, **arguments: Any) -> None:
        """It is refused so, recorded so under this system, and nothing runs."""
        before, ran = len(await self._world.g.opens()), len(self._world.journal.read())
        error = (await self(tool, by, **arguments))["_meta"]["answerable/error"]
        assert error["code"] == code
        (leaf,) = (await self._world.g.opens())[before:]
        assert (leaf.dec, leaf.err, leaf.rule, leaf.sys) == ("refuse", code, rule, self.system.rid)
        assert len(self._world.journal.read()) == ran

    async def held(self, tool: str, by: str = "proven", people: int = 2, /, **arguments: Any) -> str:
        """It waits for so many people, recorded, and nothing runs; the hold."""
        before, ran = len(await self._world.g.opens()), len(self._world.journal.read())
        hold = (await self(tool, by, **arguments))["_meta"]["answerable/hold"]
        assert (hold["state"], hold["needed"]) == ("pending", people)
        (leaf,) = (await self._world.g.opens())[before:]
        assert (leaf.dec, leaf.sys) == ("hold", self.system.rid)
        assert len(self._world.journal.read()) == ran
        return str(hold["hold"])

    async def waits(self, tool: str, have: int, by: str = "proven", /, **arguments: Any) -> None:
        """Asked again, it still waits, and nothing ran: so many have agreed."""
        ran = len(self._world.journal.read())
        hold = (await self(tool, by, **arguments))["_meta"]["answerable/hold"]
        assert (hold["state"], hold["have"]) == ("pending", have)
        assert len(self._world.journal.read()) == ran

    async def runs(self, tool: str, by: str = "proven", /, **arguments: Any) -> OpenLeaf:
        """It runs, with these very arguments, recorded under this system; the open leaf."""
        before, ran = len(await self._world.g.opens()), len(self._world.journal.read())
        said = await self(tool, by, **arguments)
        assert "answerable/error" not in said["_meta"], said
        assert "answerable/hold" not in said["_meta"], said
        (leaf,) = (await self._world.g.opens())[before:]
        assert (leaf.dec, leaf.sys, leaf.act) == ("permit", self.system.rid, "tool_call")
        (line,) = self._world.journal.read()[ran:]
        assert (line["tool"], line["arguments"]) == (tool, arguments)
        return leaf


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

    async def votes(self, hold: str) -> list[str]:
        """What people said of it, as the log has it."""
        leaves = await self.g.leaves()
        return [leaf.dec for leaf in leaves if isinstance(leaf, ApprovalLeaf) and leaf.hold == hold]

    @asynccontextmanager
    async def caller(self, name: str, world: World, most: Criticality) -> AsyncIterator[Caller]:
        g, key = self.g, Key.generate()
        system = await g.register(
            name, SystemKind.AGENT, worlds=tuple(dict.fromkeys((World.INFORMATION, world))),
            criticality=most, max_criticality=most,
            licence="Apache-2.0", digests=("sha256:" + sha256(name.encode()).hexdigest(),),
            parties=(PartySpec(party=self._registrar, role=Role.INSURER),),
        )  # fmt: skip
        rid = await g.copy(system, key)
        copy = g.core.book.copy(rid)
        assert copy is not None
        context = ssl.create_default_context(cafile=str(self._certificate))
        show(context, key, copy.id)
        async with httpx.AsyncClient(base_url=g.url, timeout=30, verify=context) as proven:
            yield Caller(self, system, rid, proven)


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


@asynccontextmanager
async def graves(
    folder: Path, listed: list[dict[str, Any]], classes: dict[str, ToolClass], **flags: Any
) -> AsyncIterator[Grave]:
    """A server `desk` that lists those tools, each of its class."""
    certificate, key = pair(folder, "tls")
    (folder / "tools").write_text(json.dumps(listed))
    command = [*child(LISTED), str(folder / "tools"), str(folder / "journal")]
    flags |= {"gateway__tls_certificate": str(certificate), "gateway__tls_key": str(key)}
    async with (
        witness(folder) as (watching, settings),
        gate(folder, command=command, classes=classes, registry__attesters=[OPERATOR], **flags, **settings) as g,
    ):
        for log in trust.parse((g.core.config.store_path / "trust.txt").read_bytes()).logs:
            watching.watch(str(log))
        made = Grave(g, Journal(folder / "journal"), certificate)
        await made.known()
        yield made
