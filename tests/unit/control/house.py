# SPDX-License-Identifier: Apache-2.0
"""A control plane over a real store, served on its Unix socket by a thread of its own, so that tests speak to it as the
command line does. What an action leaves in the log is written as the path writes it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from answerable.app.core import Core
from answerable.app.create import Founding, create
from answerable.app.holding import holds_of
from answerable.app.keys import label_key
from answerable.app.people import FOLDER, Person, read
from answerable.app.redlines import RedLines
from answerable.app.repeats import Repeats
from answerable.cli.client import Client
from answerable.cli.session import url
from answerable.config import load
from answerable.control.api import build
from answerable.control.auth import Doorkeeper
from answerable.control.services import Services
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce, salt
from answerable.log.commitment import commit
from answerable.log.leaf import encode, rid
from answerable.log.statement import sign, to_sign
from answerable.marks import provider_code
from answerable.model.leaves import CloseLeaf, Commitments, OpenLeaf, Usage
from answerable.model.records import System
from answerable.model.terms import Role
from answerable.model.units import Payload, Unit
from answerable.net.bind import unix
from answerable.net.bridge import asgi
from answerable.net.server import Listener
from answerable.pipeline.found import principal_tag, tags
from answerable.privacy.statements import signatures, with_signatures
from answerable.protocols.openai.content import Choice, body
from answerable.registry import copies, keys, parties, systems
from answerable.registry.duties import lapsed
from answerable.registry.ids import unassigned_lei, unassigned_uscc
from answerable.registry.requests import (
    EdgeSpec,
    EnrolKey,
    PartySpec,
    RegisterParty,
    RegisterSystem,
    StartCopy,
    VouchParty,
)
from answerable.warrants.envelopes import Envelopes
from answerable.warrants.gate import audience_of
from answerable.warrants.issuer import Issuer
from tests.small_certificates import Authority
from tests.small_labelling import labelling

OPERATOR = unassigned_uscc("operator")
MAKER = unassigned_lei("maker")
REGISTRAR = unassigned_lei("registrar")
DIGEST = "sha256:" + "ab" * 32
GATEWAY = "http://127.0.0.1:1/v1"
POLICY = "ab" * 32
Result = TypeVar("Result")


class House:
    """core, services: to be used through `run` alone, on the house's own loop. authority: whose certificates prove an
    identifier here."""

    core: Core
    services: Services
    red_lines: RedLines
    authority: Authority
    feed_key: Key
    label_key: Key

    def __init__(self, store: Path) -> None:
        self.store = store
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.run(self._open())

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def person(self, name: str = "admin") -> Person:
        return read(self.store / FOLDER / f"{name}.json")

    def client(self, name: str = "admin") -> Client:
        return Client(self.store / "control.sock", self.core.origin, self.person(name))

    def get(self, path: str, who: str = "admin", **query: Any) -> Any:
        return self.client(who).get(url(path, query))

    def post(self, path: str, data: Any, who: str = "admin") -> Any:
        return self.client(who).post(url(path), data)

    def system(self, name: str) -> System:
        found = self.core.book.system(name)
        assert found is not None
        return found

    def key_of(self, party: str, *, registrar: bool = False) -> tuple[Key, str]:
        return self.run(self._key_of(party, registrar=registrar))

    def start_copy(self, name: str, key: Key | None = None) -> tuple[str, Key]:
        key = key or Key.generate()
        return self.run(self._start_copy(self.system(name), key)), key

    def act(
        self, said: str, *, caller: str = "helper", maker: str = "small", principal: str = "", thought: str = ""
    ) -> str:
        """An action that ended well, with `said` as its answer; rid of its open leaf."""
        return self.run(self._act(said, self.system(caller), self.system(maker), principal, thought))

    def signed(self, leaf: Any, *signers: str | tuple[Key, str]) -> Any:
        """A statement of the privacy room, signed by these people, by name, or keys."""
        sigs = signatures(leaf)
        for each in signers:
            person = self.person(each) if isinstance(each, str) else None
            key, kid = (person.key, person.kid) if person else each  # type: ignore[misc]
            sigs.append(sign(leaf, self.core.origin, key, kid))
        return msgspec.to_builtins(with_signatures(leaf, sigs))

    async def _open(self) -> None:
        config = load(environ={}, flags={"store.path": str(self.store)}).config
        core = self.core = await create(config, Founding("demo.invalid", OPERATOR, "Operator Ltd"))
        issuer = Issuer(
            directory=core.book,
            ledger=core.ledger,
            clock=core.clock,
            signer=core.keys.warrant,
            iss="spiffe://demo.invalid/issuer/main",
            kid="k",
            audiences={audience_of("demo.invalid")},
            lapsed=lambda system: lapsed(core.book, system),
        )
        self.authority = Authority(core.now)
        self.feed_key = Key.generate()
        self.red_lines = RedLines(core)
        self.services = Services(
            watch=self.red_lines,
            book=core.book,
            anchors=(self.authority.root,),
            ledger=core.ledger,
            reader=core.reader,
            clock=core.clock,
            doorkeeper=Doorkeeper(core.book, core.clock, core.origin),
            issuer=issuer,
            origin=core.origin,
            index_key=core.keys.index,
            gateway=GATEWAY,
            audience=audience_of("demo.invalid"),
            operator=OPERATOR,
            log_key=core.keys.log,
            holds=holds_of(core),
            calls=Repeats(core).calls,
            policy=lambda: POLICY,
            trust=core.trust.decode(),
            flights=(),
            feed_key=self.feed_key,
            metrics=lambda: "answerable_test 1\n",
            envelopes=Envelopes(
                directory=core.book,
                ledger=core.ledger,
                clock=core.clock,
                signer=core.keys.warrant,
                iss=issuer.iss,
                kid=issuer.kid,
                lapsed=lambda system: lapsed(core.book, system),
            ),
            store=str(self.store),
            started_ms=core.now,
        )
        self.label_key = label_key(self.store)
        provider = provider_code.make(OPERATOR.removeprefix("NTRCN-"), "0000")
        self.services = replace(self.services, labels=labelling(self.services, provider, self.label_key))
        self.red_lines.bind(self.services)
        self._watching = asyncio.get_running_loop().create_task(self.red_lines.watching.run())
        await self._fleet()
        self._listener = Listener(asgi(build(self.services)), unix(config.socket_path), grace=1)
        await self._listener.start()

    async def _close(self) -> None:
        self._watching.cancel()
        await self._listener.close()
        await self.core.close()

    async def _fleet(self) -> None:
        core = self.core
        for ref, name in ((MAKER, "Maker Lab"), (REGISTRAR, "Registrar")):
            await core.commit(parties.register(core.book, RegisterParty(id=ref, name=name), core.now))
        key, kid = await self._key_of(REGISTRAR, registrar=True)
        for ref in (MAKER, OPERATOR):
            await self._vouch(ref, key, kid)
        both = (PartySpec(party=MAKER, role=Role.PROVIDER), PartySpec(party=OPERATOR, role=Role.DEPLOYER))
        await self._register("base", "model", both)
        await self._register("small", "model", both, (("base", "quantized"),), (DIGEST,))
        await self._register("helper", "agent", both[1:], (("small", "uses"),))
        await self._register("other", "agent", both[1:])

    async def _register(
        self,
        name: str,
        kind: str,
        answering: tuple[PartySpec, ...],
        edges: tuple[tuple[str, str], ...] = (),
        digests: tuple[str, ...] = (),
    ) -> None:
        request = msgspec.convert(
            {"name": name, "version": "1", "kind": kind, "parties": [], "digests": digests, "licence": "MIT"},
            RegisterSystem,
        )
        request = msgspec.structs.replace(
            request,
            parties=answering,
            edges=tuple(msgspec.convert({"parent": p, "relation": r}, EdgeSpec) for p, r in edges),
        )
        await self.core.commit(systems.register(self.core.book, request, self.core.now))

    async def _key_of(self, party: str, *, registrar: bool) -> tuple[Key, str]:
        core, key = self.core, Key.generate()
        draft = EnrolKey(party=party, key=b64u(key.public), registrar=registrar, nonce=nonce(), signature="")
        found = core.book.party(party)
        assert found is not None
        leaf = keys.enrol_statement(found, draft)
        signed = EnrolKey(
            party=party,
            key=draft.key,
            registrar=registrar,
            nonce=draft.nonce,
            signature=b64u(key.sign(to_sign(leaf, core.origin))),
        )
        by = next(admin.rid for admin in core.book.admins() if admin.name == "admin")
        return key, await core.commit(keys.enrol(core.book, signed, core.now, by=by))

    async def _vouch(self, ref: str, key: Key, kid: str) -> None:
        book = self.core.book
        party, registrar = book.party(ref), book.party(REGISTRAR)
        assert party is not None
        assert registrar is not None
        drawn, salted = nonce(), b64u(salt())
        leaf = parties.vouch_statement(party, registrar, drawn=drawn, salt=salted)
        signature = b64u(key.sign(to_sign(leaf, self.core.origin)))
        request = VouchParty(party=ref, key=kid, nonce=drawn, salt=salted, signature=signature)
        await self.core.commit(parties.vouch(book, request, self.core.now))

    async def _start_copy(self, system: System, key: Key) -> str:
        core = self.core
        draft = StartCopy(
            system=system.rid, key=b64u(key.public), nonce=nonce(), signature="", endpoint="http://127.0.0.1/"
        )
        signature = b64u(key.sign(to_sign(copies.start_statement(system, draft), core.origin)))
        request = StartCopy(
            system=draft.system, key=draft.key, nonce=draft.nonce, signature=signature, endpoint=draft.endpoint
        )
        return await core.commit(copies.start(core.book, request, core.now))

    async def _act(self, said: str, caller: System, maker: System, principal: str, thought: str) -> str:
        core = self.core
        grants = []
        for system in (caller, maker):
            copy = await self._start_copy(system, Key.generate())
            granted = await self.services.issuer.grant(copy, aud=self.services.audience, nonce=nonce())
            grants.append(granted.warrant.grant)
        salts = (salt(), salt())
        content = body((Choice(text=said, reasoning=thought),))
        own = Payload("", "pri", salt(), principal.encode(), (principal_tag(principal, self.services.index_key),))
        opened = encode(
            OpenLeaf(
                act="generation",
                c=Commitments(in_=commit("in", salts[0], b"asked")),
                dec="permit",
                n=nonce(),
                par=[],
                party=caller.party(Role.DEPLOYER),
                pol="00" * 32,
                pri=commit("pri", own.salt, own.body) if principal else msgspec.UNSET,
                rule="R100",
                sys=caller.rid,
                t=core.now,
                tier=0,
                via=maker.rid,
                vwar=grants[1],
                war=grants[0],
                wld="information",
            )
        )
        closed = encode(
            CloseLeaf(
                c=Commitments(out=commit("out", salts[1], content)),
                n=nonce(),
                open=rid(opened),
                st="done",
                t=core.now,
                u=Usage(in_=3, out=5, ms=7, mj=1500, mjk="estimated"),
            )
        )
        found = tags((said,), self.services.index_key)
        asked = (Payload(rid(opened), "in", salts[0], b"asked"),)
        if principal:
            asked += (msgspec.structs.replace(own, rid=rid(opened)),)
        await core.ledger.commit(Unit(leaves=(opened,), payloads=asked))
        await core.ledger.commit(
            Unit(leaves=(closed,), payloads=(Payload(rid(closed), "out", salts[1], content, found),))
        )
        return rid(opened)
