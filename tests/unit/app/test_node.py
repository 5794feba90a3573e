# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from answerable.admission.orders import stop_root
from answerable.admission.pulse import Pulse, make
from answerable.app.core import open_core
from answerable.app.node import Node
from answerable.control.receipts import assemble
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.log.trust import parse as parse_trust
from answerable.model.leaves import CloseLeaf, OpenLeaf, ReceiptLeaf, ShardLeaf
from answerable.model.units import Space
from answerable.sequencer.replay import SHARD
from answerable.verify.receipt import verify
from tests.e2e.scripted_upstream import ScriptedUpstream
from tests.small_nodes import chat, client, joined, node, plane, readyz, wire
from tests.small_relay import until


def upstream(server: ScriptedUpstream, system: str = "model") -> dict[str, object]:
    return {
        "upstreams__far__url": server.url,
        "upstreams__far__system": system,
        "upstreams__far__model": "m",
        "upstreams__far__locality": "private",
    }


async def test_a_node_follows_acts_records_and_stops_by_itself(tmp_path: Path) -> None:
    with ScriptedUpstream() as server:
        async with plane(tmp_path / "control") as control:
            system = await control.system("model")
            _, handle = await client(control)
            settings = await joined(control, tmp_path / "node", **upstream(server))
            async with node(settings) as berlin:
                await until(lambda: berlin._served)
                done = await chat(berlin.url, handle)
                assert done.status_code == 200, done.text
                record = done.json()["id"].removeprefix("chatcmpl-")

                # Its copy stands in the control plane's registry, and names the node.
                (copy,) = control.core.book.copies_of(system.rid)
                assert copy.node == berlin.card.node

                # The receipt from the node's own log is whole: it says who answers.
                made = await assemble(berlin.core.reader, berlin.replica, record)
                report = verify(made.receipt, parse_trust(berlin.core.trust))
                assert (report.origin, report.party.rid) == ("berlin.unit.invalid", control.operator)
                assert (report.caller.name, report.warrant.audience) == (
                    "caller",
                    "spiffe://unit.invalid/gateway/berlin",
                )

                # Nothing of it stands in the control plane's log but what the node's log has come to.
                origin = "berlin.unit.invalid"
                await until(lambda: _recorded(control, origin) >= 3)
                kinds = [type(decode(data)) for data in await control.core.reader.tail(0, 1000)]
                assert OpenLeaf not in kinds
                assert CloseLeaf not in kinds

                # An order cuts a stream in flight, and nothing is admitted after it.
                stream = asyncio.create_task(chat(berlin.url, handle, "do:drip", stream=True))
                await until(lambda: len(berlin.flights) == 1)
                await asyncio.sleep(0.2)
                stop = await control.suspend(system.rid)
                text = (await stream).text
                assert '"code":"stop.system"' in text
                refused = await chat(berlin.url, handle)
                assert (refused.status_code, refused.json()["error"]["code"]) == (403, "stop.system")

                # And the node's word for it stands in the control plane's log.
                await until(lambda: berlin.receipts.sent >= 1 and not berlin.flights)
                await asyncio.sleep(0.3)
                leaves = [decode(data) for data in await control.core.reader.tail(0, 1000)]
                own = [leaf for leaf in leaves if isinstance(leaf, ReceiptLeaf) and leaf.own == berlin.card.node]
                assert {receipt.order for receipt in own} == {stop.rid}
                assert (own[-1].fly, own[-1].st) == (0, "stopped")
                assert all(0 < receipt.last <= receipt.rcv for receipt in own)
                other = await chat(berlin.url, handle)
                assert other.json()["error"]["code"] == "stop.system"


async def test_cut_off_it_goes_on_until_its_warrants_end_and_restarted_it_refuses(tmp_path: Path) -> None:
    with ScriptedUpstream() as server:
        async with plane(tmp_path / "control") as control, wire(control) as way:
            control.service._issuer._life_ms = 2_000
            await control.system("model")
            _, handle = await client(control)
            settings = await joined(control, tmp_path / "node", node__control=way.url, **upstream(server))
            async with node(settings) as berlin:
                await until(lambda: berlin._served)
                assert (await chat(berlin.url, handle)).status_code == 200
                await way.cut()
                cut = time.monotonic()
                assert (await chat(berlin.url, handle)).status_code == 200, "it decides by itself"
                while (last := await chat(berlin.url, handle)).status_code == 200:
                    assert time.monotonic() - cut < 5
                    await asyncio.sleep(0.05)
                assert time.monotonic() - cut <= 2.0 / (1 - 200e-6) + 0.3
                assert last.json()["error"]["code"] in ("warrant.expired", "node.away")
                ready = await readyz(berlin.url)
                assert ready["parts"]["control plane"] == "node.away"

                await way.mend()
                await until(lambda: berlin.follow.problem == "")
                assert (await chat(berlin.url, handle)).status_code == 200, "and goes on when it is back"
                await way.cut()

            # A restart without the control plane: its records are told of, nobody is admitted.
            async with node(settings) as berlin:
                assert berlin.replica.party(control.operator) is not None
                refused = await chat(berlin.url, handle)
                assert refused.status_code == 503
                assert refused.json()["error"]["code"] in ("node.unseen", "node.away")
                assert (await readyz(berlin.url))["parts"]["admission"] == "node.unseen"
                await way.mend()
                await until(lambda: berlin._served, 15)
                async with asyncio.timeout(10):
                    while (await chat(berlin.url, handle)).status_code != 200:  # noqa: ASYNC110
                        await asyncio.sleep(0.1)


async def test_without_a_pulse_from_its_own_key_nothing_is_admitted(tmp_path: Path) -> None:
    key = Key.generate()
    flags = {"pulse__keys": [f"beat:{b64u(key.public)}"], "pulse__required": False}
    with ScriptedUpstream() as server:
        async with plane(tmp_path / "control", **flags) as control, wire(control) as way:
            await control.system("model")
            _, handle = await client(control)
            settings = await joined(control, tmp_path / "node", node__control=way.url, **upstream(server))

            async def beat(seq: int) -> None:
                now = Pulse("p", control.core.origin, seq, control.core.now, 1_500, 0, stop_root(()))
                async with httpx.AsyncClient() as bringing:
                    told = await bringing.post(f"{control.url}/relay/v1/pulse", content=make(now, key, "beat"))
                assert told.status_code == 200, told.text

            async with node(settings) as berlin:
                await until(lambda: berlin._served)
                refused = await chat(berlin.url, handle)
                assert refused.json()["error"]["code"] == "pulse.missing"
                assert (await readyz(berlin.url))["parts"]["admission"] == "pulse.missing"
                await beat(1)
                await until(lambda: berlin.gate.problem() == "")
                assert (await chat(berlin.url, handle)).status_code == 200
                await way.cut()
                await until(lambda: berlin.gate.problem() == "pulse.stale")
                refused = await chat(berlin.url, handle)
                assert refused.json()["error"]["code"] == "pulse.stale", "its warrants live on, and do not suffice"
                await way.mend()
                for seq in range(2, 60):  # it comes back in its own time; a beat is good for a second and a half
                    await beat(seq)
                    await asyncio.sleep(0.25)
                    if berlin.gate.problem() == "":
                        break
                assert (await chat(berlin.url, handle)).status_code == 200


def _recorded(control: object, origin: str) -> int:
    raw = control.core.book.raw(Space.MISC, SHARD + origin)  # type: ignore[attr-defined]
    leaf = decode(raw) if raw else None
    return leaf.size if isinstance(leaf, ShardLeaf) else 0


async def test_a_node_calls_no_tools(tmp_path: Path) -> None:
    with ScriptedUpstream() as server:
        async with plane(tmp_path / "control") as control:
            await control.system("model")
            _, handle = await client(control)
            settings = await joined(control, tmp_path / "node", **upstream(server))
            async with node(settings) as berlin:
                await until(lambda: berlin._served)
                asked: dict[str, Any] = {"name": "pay", "arguments": {}}
                call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked}
                meta = {
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                }
                asked["_meta"] = meta
                headers = {
                    "authorization": f"Bearer {handle}", "accept": "application/json, text/event-stream",
                    "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "pay",
                }  # fmt: skip
                url = berlin.url.removesuffix("/v1") + "/mcp/desk"
                async with httpx.AsyncClient(timeout=20) as asking:
                    said = await asking.post(url, json=call, headers=headers)
                assert "tool.nowhere" in said.text
            # And one that names tool servers does not start at all.
            named = {"servers__desk__kind": "stdio", "servers__desk__command": ["x"], "servers__desk__system": "model"}
            settings = await joined(control, tmp_path / "other", "paris", **upstream(server), **named)
            core = await open_core(settings)
            try:
                with pytest.raises(Refused) as caught:
                    Node(core)
                assert "servers" in str(caught.value.params["detail"])
            finally:
                await core.close()
