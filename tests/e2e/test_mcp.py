# SPDX-License-Identifier: Apache-2.0
"""MCP through the whole: real clients of both revisions, this gateway, real servers over stdio and HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest
import pytest_asyncio
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from answerable.model.holds import Ballot
from answerable.model.terms import Criticality
from tests.mcp_servers import RED_PNG, Journal, running
from tests.tool_gate import CLASSES, READS, Gate, gate

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOTH = pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mcp")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def g(folder: Path) -> AsyncIterator[Gate]:
    """One service for all of these, its stdio server `desk` and its HTTP server `far`: each test asks its own thing."""
    with running(folder / "journal", "--seen", str(folder / "seen")) as url:
        draws = msgspec.structs.replace(READS, domain="creative", criticality=Criticality.CREATIVE, generates=True)
        classes = {**CLASSES, "draw": draws}
        async with gate(folder, journal=folder / "journal", url=url, classes=classes) as made:
            yield made


@pytest.fixture(scope="module")
def journal(folder: Path) -> Journal:
    return Journal(folder / "journal")


def ran(journal: Journal, tool: str, **arguments: Any) -> int:
    """How often the server executed exactly that."""
    return sum(line["arguments"] == arguments for line in journal.read(tool))


@asynccontextmanager
async def client(g: Gate, server: str, mode: str, **how: Any) -> AsyncIterator[Client]:
    """The SDK's own client: a URL and a key."""
    headers = {"authorization": f"Bearer {g.key}"}
    async with httpx.AsyncClient(headers=headers, timeout=30) as http:
        transport = streamable_http_client(f"{g.url}/mcp/{server}", http_client=http)
        async with Client(transport, mode=mode, **how) as made:
            yield made


def text(result: Any) -> str:
    return "\n".join(block.text for block in result.content)


@BOTH
async def test_a_client_lists_and_calls_over_stdio(g: Gate, journal: Journal, mode: str) -> None:
    async with client(g, "desk", mode) as it:
        names = [tool.name for tool in (await it.list_tools()).tools]
        assert names == ["broken", "draw", "note", "pay", "slow", "tick", "weather", "answerable_result"]
        result = await it.call_tool("weather", {"city": f"Bern {mode}"})
        assert (result.is_error, text(result)) == (False, f"It is 21 degrees and clear in Bern {mode}.")
        record = result.meta["answerable/record"]
        assert record in [leaf.open for leaf in await g.closes() if leaf.st == "done"]
        assert ran(journal, "weather", city=f"Bern {mode}") == 1
        assert (await it.call_tool("broken", {})).is_error


@BOTH
async def test_a_client_calls_over_http_and_its_credential_stays_here(
    g: Gate, journal: Journal, folder: Path, mode: str
) -> None:
    async with client(g, "far", mode) as it:
        assert text(await it.call_tool("tick", {"number": 7})) == "tick 7"
    heads = [json.loads(line) for line in (folder / "seen").read_text().splitlines()]
    assert heads
    assert g.key not in str(heads)
    assert all("authorization" not in head for head in heads)


@BOTH
async def test_what_an_ai_drew_is_labelled_in_itself(g: Gate, mode: str) -> None:
    """The server is no AI; a person said that what this tool answers with was made by one."""
    async with client(g, "desk", mode) as it:
        told = await it.call_tool("weather", {"city": "Ulm"})
        assert "answerable/aigc" not in told.meta, "what a tool says is not made by an AI by itself"
        drawn = await it.call_tool("draw", {"what": mode})
        record = drawn.meta["answerable/record"]
        assert drawn.meta["answerable/aigc"]["ProduceID"] == record
        picture = base64.b64decode(next(block.data for block in drawn.content if block.type == "image"))
        assert picture != RED_PNG
        assert record.encode() in picture, "the label stands in the file too"


@BOTH
async def test_a_call_that_waits_is_approved_fetched_and_not_run_again(g: Gate, journal: Journal, mode: str) -> None:
    order = {"to": f"Ada {mode}", "amount": 3}
    async with client(g, "desk", mode) as it:
        waits = await it.call_tool("pay", order)
        assert waits.is_error is False
        said = waits.structured_content["answerable"]
        assert (said["state"], said["needed"], said["have"]) == ("pending", 1, 0)
        stands = await g.http.get(said["url"], headers={"authorization": f"Bearer {g.key}"})
        assert (stands.status_code, stands.json()["state"]) == (200, "waiting")
        again = await it.call_tool("answerable_result", {"id": said["hold"]})
        assert again.structured_content["answerable"]["hold"] == said["hold"], "it waits still, under the same id"
        assert ran(journal, "pay", **order, currency="EUR") == 0
        await g.vote(said["hold"])
        done = await it.call_tool("answerable_result", {"id": said["hold"]})
        assert (done.is_error, text(done)) == (False, f"Paid 3 EUR to Ada {mode}.")
        later = await it.call_tool("answerable_result", {"id": said["hold"]})
        assert later.meta["answerable/record"] == done.meta["answerable/record"]
        assert text(later) == text(done)
        assert ran(journal, "pay", **order, currency="EUR") == 1


@BOTH
async def test_a_call_that_people_reject_is_refused(g: Gate, journal: Journal, mode: str) -> None:
    order = {"to": f"Eve {mode}", "amount": 9}
    async with client(g, "desk", mode) as it:
        waits = await it.call_tool("pay", order)
        hold = waits.structured_content["answerable"]["hold"]
        await g.vote(hold, Ballot.REJECT)
        for name, arguments in (("answerable_result", {"id": hold}), ("pay", order)):
            refused = await it.call_tool(name, arguments)
            assert refused.is_error
            assert refused.meta["answerable/error"]["code"] == "hold.rejected"
    assert ran(journal, "pay", **order, currency="EUR") == 0


@BOTH
async def test_twenty_that_ask_the_same_at_once_run_once(g: Gate, journal: Journal, mode: str) -> None:
    async with client(g, "desk", mode) as it:
        results = await asyncio.gather(*(it.call_tool("note", {"text": mode}) for _ in range(20)))
        assert {text(result) for result in results} == {"Noted."}
        assert len({result.meta["answerable/record"] for result in results}) == 1
        assert ran(journal, "note", text=mode) == 1
        wanted = await it.call_tool("note", {"text": mode}, meta={"answerable/idempotency-key": "again"})
        assert wanted.meta["answerable/record"] != results[0].meta["answerable/record"]
        assert ran(journal, "note", text=mode) == 2, "a second one that is wanted is possible, and explicit"


@BOTH
@pytest.mark.parametrize("approves", [True, False])
async def test_a_clients_people_are_shown_a_hold_and_approve_nothing_by_it(
    g: Gate, journal: Journal, mode: str, approves: bool
) -> None:
    """Elicitation: what the client's people answer is no approval; a person who may approve does so meanwhile, or does
    not."""
    shown: list[str] = []
    order = {"to": f"Ada {mode} {approves}", "amount": 5}

    async def people(context: Any, params: Any) -> Any:
        from mcp.types import ElicitResult

        shown.append(params.message)
        if approves:
            await g.vote(next(hold.rid for hold in g.holds.all() if hold.rid in params.message))
        return ElicitResult(action="accept", content={})

    async with client(g, "desk", mode, elicitation_callback=people) as it:
        result = await it.call_tool("pay", order)
    assert len(shown) == 1
    assert "0 of 1" in shown[0]
    if approves:
        assert text(result) == f"Paid 5 EUR to {order['to']}."
    else:
        assert result.structured_content["answerable"]["state"] == "pending"
    assert ran(journal, "pay", **order, currency="EUR") == approves


async def test_what_is_not_offered_is_refused_as_the_revision_says(g: Gate) -> None:
    for method in ("resources/list", "prompts/list", "sampling/createMessage", "completion/complete", "x"):
        modern = await g.modern("desk", method)
        assert (modern.status_code, modern.json()["error"]["code"]) == (404, -32601)
        old = await g.old("desk", method, {})
        assert (old.status_code, old.json()["error"]["code"]) == (200, -32601)
    assert (await g.modern("desk", "ping")).status_code == 404, "the newer revision has no ping"
    assert (await g.old("desk", "ping")).json()["result"] == {}
    for verb in ("GET", "DELETE", "PUT"):
        answer = await g.http.request(verb, "/mcp/desk", headers={"authorization": f"Bearer {g.key}"})
        assert (answer.status_code, answer.headers.get("allow")) == (405, "POST")


async def test_strangers_are_challenged_and_counted(g: Gate) -> None:
    before = len(await g.opens())
    for how in (g.modern, g.old):
        for method, params in (("tools/list", {}), ("tools/call", {"name": "weather", "arguments": {"city": "x"}})):
            for key, challenge in (("", "Bearer realm="), ("ans_unknown", 'error="invalid_token"')):
                answer = await how("desk", method, params, key=key)
                assert answer.status_code == 401
                assert challenge in answer.headers["www-authenticate"]
                assert answer.json()["id"] == 1
    assert len(await g.opens()) == before, "counted, and not written one by one"


async def test_the_callers_language_is_spoken(g: Gate) -> None:
    pay = {"name": "pay", "arguments": {"to": "x", "amount": 1}}
    answer = await g.modern("desk", "tools/call", pay, headers={"accept-language": "zh-CN"})
    assert "审批" in answer.json()["result"]["content"][0]["text"]
    refused = await g.old("desk", "tools/call", {"name": "nothing"}, headers={"accept-language": "zh"})
    assert refused.json()["error"]["data"]["reason"].endswith("。")


async def test_sessions_are_their_callers(g: Gate) -> None:
    shake = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    answer = await g.old("desk", "initialize", shake)
    session = answer.headers["mcp-session-id"]
    assert answer.json()["result"]["protocolVersion"] == "2025-11-25"
    mine = {"mcp-session-id": session}
    assert (await g.old("desk", "tools/list", headers=mine)).status_code == 200
    told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    version = {"mcp-protocol-version": "2025-11-25"}
    assert (await g.post("desk", told, headers=mine | version)).status_code == 202
    other = await g.issue(await g.register("Other session"))
    calls = [leaf for leaf in await g.opens() if leaf.err == "mcp.session"]
    for method, params in (("tools/list", None), ("tools/call", {"name": "weather", "arguments": {"city": "x"}})):
        stolen = await g.old("desk", method, params, headers=mine, key=other)
        assert (stolen.status_code, stolen.json()["error"]["data"]["code"]) == (404, "mcp.session")
    assert len([leaf for leaf in await g.opens() if leaf.err == "mcp.session"]) == len(calls) + 1


async def test_what_a_hold_is_stays_between_its_caller_and_people(g: Gate) -> None:
    answer = await g.modern("desk", "tools/call", {"name": "pay", "arguments": {"to": "x", "amount": 1}})
    hold = answer.json()["result"]["_meta"]["answerable/hold"]["hold"]
    other = await g.issue(await g.register("Other"))
    await g.vote(hold)
    stolen = await g.modern("desk", "tools/call", {"name": "answerable_result", "arguments": {"id": hold}}, key=other)
    assert stolen.json()["error"]["data"]["code"] == "mcp.no_such_call"
    assert [leaf.err for leaf in await g.opens()][-1] == "mcp.no_such_call"
    seen = await g.http.get(f"/holds/{hold}", headers={"authorization": f"Bearer {other}"})
    assert (seen.status_code, seen.json()["error"]["code"]) == (404, "hold.unknown")
