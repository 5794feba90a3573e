# SPDX-License-Identifier: Apache-2.0
"""An outage on a site: a node cut off from its control plane, its pulse ended, and two on-site issuers beside it, one
for who calls and one for the model."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx2 as httpx
import msgspec

from answerable.admission.clocks import ClockMode
from answerable.admission.envelope import bound_ms
from answerable.admission.envelope import issue as issue_envelope
from answerable.admission.holding import HolderView
from answerable.admission.orders import stop_root
from answerable.admission.pulse import Pulse, make
from answerable.app.clock import SystemClock
from answerable.app.node import Node
from answerable.app.node_onsite import OnSpot, copy_keys
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused, Unavailable
from answerable.guard.sources import Identity, OnSite
from answerable.log.leaf import decode
from answerable.log.statement import to_sign
from answerable.machines import onsite
from answerable.machines.onsite_server import OnSiteServer
from answerable.model.leaves import OpenLeaf
from answerable.model.records import Copy, System
from answerable.model.warrants import Bearer
from answerable.net.relay_client import RelayClient
from answerable.registry import copies
from answerable.registry.requests import StartCopy
from answerable.warrants.envelopes import EnvelopeRequest
from tests.e2e.scripted_upstream import ScriptedUpstream
from tests.small_nodes import Plane, chat, client, joined, node, plane, wire
from tests.small_relay import until
from tests.unit.admission.a_warrant import ISSUER_KEY, KEYS, KID, WARRANT
from tests.unit.app.test_node import upstream
from tests.unit.guard.offices import COPY_KEY, SITE, Site

LIFE = 60_000


async def copy_of(control: Plane, name: str) -> tuple[System, Copy, Key]:
    """A system with a running copy whose key is at hand."""
    system, core, key = await control.system(name), control.core, Key.generate()
    draft = StartCopy(
        system=system.rid, key=b64u(key.public), nonce=nonce(), signature="", endpoint="https://caller.invalid/"
    )
    signature = b64u(key.sign(to_sign(copies.start_statement(system, draft), core.origin)))
    rid = await core.commit(copies.start(core.book, msgspec.structs.replace(draft, signature=signature), core.now))
    copy = core.book.copy(rid)
    assert copy is not None
    return system, copy, key


@asynccontextmanager
async def site(control: Plane, berlin: Node, copy: Copy, name: str, sock: Path, life: int = LIFE) -> AsyncIterator[str]:
    """An on-site issuer under an envelope for that copy, at this node; rid of the envelope's leaf."""
    key = Key.generate()
    request = EnvelopeRequest(
        audiences=(berlin.card.audience,), bound=bound_ms(life), copies=(copy.id,), key=b64u(key.public), life=life,
        site=name,
    )  # fmt: skip
    envelopes = control.service._envelopes
    token, envelope = await envelopes.grant(request)
    view = HolderView(berlin.card.trust(), ClockMode.SAME_HOST, pulse_required=False)
    issuer = onsite.OnSite(envelope, token, signer=key, view=view, clock=SystemClock())
    running = asyncio.create_task(OnSiteServer(issuer, sock, SystemClock()).run())
    try:
        yield envelope.grant
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def enveloped(source: OnSite, url: str) -> httpx.Response:
    """One call under a fresh on-site warrant."""
    held = (await source.next()).held
    body = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}
    headers = {"authorization": f"Bearer {held.token}", "answerable-envelope": held.envelope}
    async with httpx.AsyncClient(timeout=20) as asking:
        return await asking.post(f"{url}/chat/completions", json=body, headers=headers)


async def test_calls_go_on_in_an_outage_under_envelopes_alone_and_stop_at_once_when_the_order_is_heard(
    tmp_path: Path,
) -> None:
    beat_key = Key.generate()
    flags: dict[str, Any] = {"pulse__keys": [f"beat:{b64u(beat_key.public)}"], "pulse__required": False}
    socks = {name: tmp_path / f"{name}.sock" for name in ("models", "hall")}
    domain = "spiffe://unit.invalid/onsite"
    with ScriptedUpstream() as server:
        async with plane(tmp_path / "control", **flags) as control, wire(control) as way:
            await control.system("model")
            _, handle = await client(control)
            caller, copy, key = await copy_of(control, "program")
            settings = await joined(
                control, tmp_path / "node", node__control=way.url, **upstream(server),
                node__onsite={"models": f"unix://{socks['models']}"},
            )  # fmt: skip

            async def beat() -> None:
                for seq in range(1, 1_000):
                    now = Pulse("p", control.core.origin, seq, control.core.now, 1_500, 0, stop_root(()))
                    async with httpx.AsyncClient() as bringing:
                        await bringing.post(f"{control.url}/relay/v1/pulse", content=make(now, beat_key, "beat"))
                    await asyncio.sleep(0.4)

            beating = asyncio.create_task(beat())
            async with node(settings) as berlin:
                await until(lambda: berlin._served and berlin.gate.problem() == "")
                (model,) = [each for each in control.core.book.copies() if each.node == berlin.card.node]
                async with (
                    site(control, berlin, model, "models", socks["models"]) as for_model,
                    site(control, berlin, copy, "hall", socks["hall"]) as for_caller,
                ):
                    who = Identity(
                        key=key, public=key.public, copy=copy.id, rid=copy.rid, issuer=berlin.card.issuer,
                        audience=berlin.card.audience, issuers={berlin.card.kid: berlin.card.public},
                    )  # fmt: skip
                    source = OnSite(who, (RelayClient(f"unix://{socks['hall']}"),), f"{domain}/hall")
                    await until(lambda: len(berlin.on_spot) == 1)
                    assert (await enveloped(source, berlin.url)).status_code == 200  # type: ignore[attr-defined]
                    assert (await chat(berlin.url, handle)).status_code == 200  # type: ignore[attr-defined]

                    await way.cut()
                    beating.cancel()
                    await until(lambda: berlin.gate.problem() == "pulse.stale")
                    refused = await chat(berlin.url, handle)  # type: ignore[attr-defined]
                    assert refused.json()["error"]["code"] == "pulse.stale", "who holds no envelope stops"
                    for _ in range(5):
                        done = await enveloped(source, berlin.url)  # type: ignore[attr-defined]
                        assert done.status_code == 200, done.text
                        await asyncio.sleep(0.5)  # past the life of a warrant, all in all
                    held = (await source.next()).held
                    bare = await chat(berlin.url, held.token)  # type: ignore[attr-defined]
                    assert bare.json()["error"]["code"] == "warrant.malformed", "worth nothing without its envelope"

                    leaves = [decode(data) for data in await berlin.core.reader.tail(0, 1_000)]
                    opened = [leaf for leaf in leaves if isinstance(leaf, OpenLeaf)][-1]
                    assert (opened.war, opened.vwar) == (for_caller, for_model), "its record names both envelopes"

                    await control.suspend(caller.rid)
                    assert (await enveloped(source, berlin.url)).status_code == 200, "nobody has told it"  # type: ignore[attr-defined]
                    await way.mend()
                    await until(lambda: bool(berlin.view.told()))
                    stopped = await enveloped(source, berlin.url)  # type: ignore[attr-defined]
                    assert stopped.json()["error"]["code"] == "stop.system"


class Spot:
    """`OnSpot` for one copy, over an on-site issuer in virtual time."""

    def __init__(self) -> None:
        self.site = Site()
        self.ensured: list[str] = []
        self.why = ""
        copy = SimpleNamespace(
            rid=WARRANT.copy_rid, id=WARRANT.copy, key=WARRANT.key, node="n", ended=0, system="s" * 32
        )
        system = SimpleNamespace(num=WARRANT.ancestors[-1], ancestors=WARRANT.ancestors[:-1])
        self.copies = [copy]
        replica = SimpleNamespace(
            copies=lambda: self.copies,
            copy=lambda rid: next((each for each in self.copies if each.rid == rid), None),
            system=lambda _: system,
            party=lambda _: SimpleNamespace(),
        )
        card = SimpleNamespace(node="n", issuer=WARRANT.iss, audience=WARRANT.aud, kid=KID, public=KEYS[KID])
        clock = SimpleNamespace(now_ms=lambda: self.site.wall, mono_ms=lambda: self.site.mono)
        self.spot = OnSpot(
            sites={SITE: self.site},
            keys=lambda: {WARRANT.key: COPY_KEY},
            card=cast("Any", card),
            replica=cast("Any", replica),
            clock=clock,
            may_begin=self.may_begin,
            ensure=self.ensure,
            knows=self,
        )

    epoch = 3
    heard: bytes = b""

    def order(self, data: bytes) -> None:
        self.heard = data

    def may_begin(self) -> None:
        if self.why:
            raise Refused(self.why)

    async def ensure(self, _copy: str, grant: str) -> None:
        if self.why:
            raise Unavailable("node.away", detail="cut")
        self.ensured.append(grant)

    def spare(self) -> Bearer | None:
        return self.spot.spare(WARRANT.copy_rid)

    async def passes(self, ms: int) -> None:
        self.site.passes(ms)
        await self.spot.once()


async def test_a_spare_is_kept_warm_and_ends_with_its_envelope_on_either_clock() -> None:
    it = Spot()
    await it.passes(0)
    bearer = it.spare()
    assert bearer is not None
    assert (bearer.held, bearer.enveloped) == (True, True)
    assert it.ensured == [it.site.envelope.grant]
    for _ in range(9):
        await it.passes(1_000)
        assert it.spare() is not None
    it.site.wall -= 5_000  # set back: the end is counted from when the envelope was first seen
    await it.passes(999)
    last = it.spare()
    assert last is not None
    assert last.deadline_mono_ms == it.site.mono + 1
    await it.passes(1)
    assert it.spare() is None


async def test_nothing_is_taken_up_in_an_outage_nor_another_envelope() -> None:
    it = Spot()
    it.why = "pulse.stale"
    await it.passes(0)
    assert it.spare() is None
    it.why = ""
    await it.passes(1_000)
    assert it.spare() is not None
    it.why = "pulse.stale"
    await it.passes(1_000)
    assert it.spare() is not None, "what was taken up goes on"
    it.site.envelope = msgspec.structs.replace(it.site.envelope, grant="f" * 32)
    it.site.token = issue_envelope(it.site.envelope, ISSUER_KEY, KID)
    await it.passes(1_000)
    assert it.spare() is None, "another one is not, and its records could not be written"
    it.why = ""
    await it.passes(2_001)
    await it.passes(1_001)
    found = it.spare()
    assert found is not None
    assert found.warrant.grant == it.ensured[-1] == "f" * 32


async def test_a_copy_that_ended_or_is_another_nodes_has_none() -> None:
    it = Spot()
    await it.passes(0)
    it.copies[0].ended = 1
    assert it.spare() is None
    await it.passes(1_000)
    assert len(it.spot) == 0
    it.copies[0].ended, it.copies[0].node = 0, "other"
    await it.passes(1_000)
    assert len(it.spot) == 0


def test_keys_are_those_of_models_behind_an_address(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    found = copy_keys(tmp_path, ("far",))
    assert [b64u(key.public) for key in found.values()] == list(found)
    assert copy_keys(tmp_path, ("far",)).keys() == found.keys()
