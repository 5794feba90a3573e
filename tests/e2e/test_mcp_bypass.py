# SPDX-License-Identifier: Apache-2.0
"""Ways round the gate, tried over the wire: none reaches the server. What is asked under a credential that is known is
recorded one by one under its bearer. What is refused before anybody is known, a stranger's try, a head that stands
twice or a foreign page, is counted by its code, in one leaf of many."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from answerable.model.leaves import OpenLeaf, RefusalsLeaf
from answerable.model.terms import Criticality, Effect
from answerable.protocols.mcp.revisions import CAPABILITIES, VERSION
from answerable.sequencer.sequencer import Sequencer
from tests.mcp_servers import Journal, running
from tests.tool_gate import HELD, Gate, gate

pytestmark = pytest.mark.asyncio(loop_scope="module")
META = {VERSION: "2026-07-28", CAPABILITIES: {}}
MODERN = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "weather"}
OLD = {"mcp-protocol-version": "2025-11-25"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bypass")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def g(folder: Path) -> AsyncIterator[Gate]:
    with running(folder / "journal") as url:
        async with gate(folder, url=url) as made:
            yield made


@pytest.fixture(scope="module")
def journal(folder: Path) -> Journal:
    return Journal(folder / "journal")


class Watched:
    """What a test adds: open leaves, and executions at the server."""

    def __init__(self, g: Gate, journal: Journal) -> None:
        self._g, self._journal = g, journal
        self._leaves = self._ran = 0
        self._counts: Counter[str] = Counter()

    async def begin(self) -> None:
        self._leaves, self._ran = len(await self._g.opens()), len(self._journal.read())
        self._counts = await self._counted()

    async def opens(self) -> list[OpenLeaf]:
        return (await self._g.opens())[self._leaves :]

    async def counted(self, *codes: str) -> None:
        """So many refusals were counted by their codes, nothing was recorded one by one, and nothing ran."""
        assert await self._counted() - self._counts == Counter(codes)
        assert not await self.opens()
        assert len(self._journal.read()) == self._ran, "something ran"

    async def _counted(self) -> Counter[str]:
        """As the log holds it: what is counted now is written at once, and not with what comes within seconds."""
        ledger = self._g.core.ledger
        assert isinstance(ledger, Sequencer)
        if ledger._refusals:
            await ledger._write_refusals()
        leaves = [leaf for leaf in await self._g.leaves() if isinstance(leaf, RefusalsLeaf)]
        return sum((Counter(leaf.num) for leaf in leaves), Counter())

    async def refused_alone(self, code: str, times: int = 1) -> None:
        """Nothing ran, and so many refusals with that code stand in the log, each under the agent."""
        found = await self.opens()
        assert [leaf.err for leaf in found] == [code] * times
        assert all((leaf.dec, leaf.sys) == ("refuse", self._g.agent.rid) for leaf in found)
        assert len(self._journal.read()) == self._ran, "something ran"


@pytest_asyncio.fixture(loop_scope="module")
async def watched(g: Gate, journal: Journal) -> Watched:
    made = Watched(g, journal)
    await made.begin()
    return made


def call(name: Any = "weather", arguments: Any = None, **members: Any) -> dict[str, Any]:
    params = {"name": name, "arguments": arguments or {"city": "x"}, "_meta": META, **members}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def data(answer: Any) -> dict[str, Any]:
    """What is said of a refusal, wherever its revision puts it."""
    body = answer.json()
    said = body["error"]["data"] if "error" in body else body["result"]["_meta"]["answerable/error"]
    assert said["reason"]
    assert said["remedy"]
    assert answer.headers["x-answerable-record"] == said["record"]
    return dict(said)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ({"mcp-name": "pay"}, call()),
        ({"mcp-name": "=?base64?cGF5?="}, call()),
        ({"mcp-method": "tools/list"}, call()),
        ({"mcp-protocol-version": "2025-11-25"}, call()),
        ({}, call("pay", {"to": "x", "amount": 1})),
        ({"mcp-method": "tools/list"}, {**call(), "method": "tools/list", "params": {"_meta": {**META, VERSION: "x"}}}),
    ],
)
async def test_a_head_and_a_body_that_disagree(
    g: Gate, watched: Watched, head: dict[str, str], body: dict[str, Any]
) -> None:
    answer = await g.post("far", body, headers=MODERN | head)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32020
    assert data(answer)["code"] == "mcp.mismatch"
    await watched.refused_alone("mcp.mismatch")


async def test_a_header_that_stands_twice(g: Gate, watched: Watched) -> None:
    """Two readers could take different ones: not even whose it is is asked, and so it is counted."""
    fields = [*MODERN.items(), ("mcp-name", "pay"), ("authorization", f"Bearer {g.key}")]
    fields += [("content-type", "application/json")]
    answer = await g.http.post("/mcp/far", content=json.dumps(call()).encode(), headers=fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "request.header")
    await watched.counted("request.header")


@pytest.mark.parametrize(
    "name", ["wеather", "ｗeather", "weather\u200b", "weather ", "WEATHER\u0130", "weather/../pay", "\u202erehtaew"]
)
async def test_names_that_look_like_a_tools(g: Gate, watched: Watched, name: str) -> None:
    for headers in (OLD, MODERN | {"mcp-name": "weather"}):
        body = call(name)
        if headers is OLD:
            body["params"].pop("_meta")
        answer = await g.post("far", body, headers=headers)
        assert data(answer)["code"] in ("mcp.params", "mcp.mismatch")
    opens = await watched.opens()
    assert len(opens) == 2
    assert all(leaf.dec == "refuse" for leaf in opens)


async def test_another_case_is_another_tool(g: Gate, watched: Watched) -> None:
    answer = await g.old("far", "tools/call", {"name": "Weather", "arguments": {"city": "x"}})
    assert data(answer)["code"] == "tool.unknown"
    await watched.refused_alone("tool.unknown")


@pytest.mark.parametrize("deep", [31, 200, 10_000])
async def test_json_as_deep_as_a_well(g: Gate, watched: Watched, deep: int) -> None:
    for well in (b'{"a":' * deep + b"1" + b"}" * deep, b"[" * deep + b"]" * deep):
        body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","arguments":{"city":%b}}}'
        answer = await g.post("far", body % well, headers=OLD)
        assert (answer.status_code, data(answer)["code"]) == (400, "request.too_complex")
    await watched.refused_alone("request.too_complex", 2)
    assert (await g.old("far", "ping")).status_code == 200, "it is there"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","name":"pay"}}',
         "request.malformed"),
        (rb'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","n\u0061me":"pay"}}',
         "request.malformed"),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"pay"}}',
         "request.malformed"),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","arguments":{"n":1e999}}}',
         "request.malformed"),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"tick","arguments":{"number":90071992547409930}}}',
         "request.malformed"),
        (b'[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather"}}]', "mcp.message"),
        (b'{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"weather"}}', "mcp.message"),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","Arguments":{"city":"x"}}}',
         "mcp.params"),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["weather"]}', "mcp.params"),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather"},"server":"other"}', "mcp.params"),
        (b"", "request.malformed"),
        (b"\xff\xfe", "request.malformed"),
    ],
)  # fmt: skip
async def test_messages_that_two_readers_read_differently(g: Gate, watched: Watched, body: bytes, code: str) -> None:
    answer = await g.post("far", body, headers=OLD)
    assert data(answer)["code"] == code
    await watched.refused_alone(code)


async def test_a_message_that_is_no_json_by_its_kind(g: Gate, watched: Watched) -> None:
    """What a page in a browser may send without asking first."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await g.post("far", call(), headers=MODERN | {"content-type": kind})
        assert data(answer)["code"] == "request.header"
    await watched.refused_alone("request.header", 3)
    await watched.begin()
    page = await g.post("far", call(), headers=MODERN | {"origin": "https://evil.example"})
    assert (page.status_code, page.json()["error"]["code"]) == (403, "request.origin")
    await watched.counted("request.origin")


async def test_a_tool_that_lies_about_itself_is_hidden_and_refused(g: Gate, watched: Watched) -> None:
    """`wipe` says readOnlyHint and empties a folder. Nobody classified it."""
    listed = (await g.modern("far", "tools/list")).json()["result"]["tools"]
    assert "wipe" not in [tool["name"] for tool in listed]
    assert {tool["name"]: tool["annotations"]["readOnlyHint"] for tool in listed}["pay"] is False
    answer = await g.modern("far", "tools/call", {"name": "wipe", "arguments": {"folder": "/"}})
    assert data(answer)["code"] == "tool.unknown"
    await watched.refused_alone("tool.unknown")


async def test_a_tool_that_lies_is_what_a_person_said_of_it(g: Gate, journal: Journal, watched: Watched) -> None:
    """The same, once somebody classified it: the hint that callers see is that person's, and the call waits."""
    assert HELD.effect is Effect.IRREVERSIBLE
    await g.classify("far", {"wipe": HELD})
    served = g.service.servers.listed("far").server.definition("wipe")
    assert served is not None
    assert served.annotations["readOnlyHint"] is True
    listed = (await g.modern("far", "tools/list")).json()["result"]["tools"]
    hints = {tool["name"]: tool["annotations"] for tool in listed}["wipe"]
    assert (hints["readOnlyHint"], hints["destructiveHint"]) == (False, True)
    answer = await g.modern("far", "tools/call", {"name": "wipe", "arguments": {"folder": "/"}})
    assert answer.json()["result"]["_meta"]["answerable/hold"]["state"] == "pending"
    (leaf,) = await watched.opens()
    assert (leaf.dec, leaf.err, leaf.sys) == ("hold", "action.held", g.agent.rid)
    assert journal.read("wipe") == []


async def test_the_warrant_of_one_with_the_tools_of_another(g: Gate, watched: Watched) -> None:
    """Confused deputy: a list that is another's opens nothing."""
    narrow = await g.register("Narrow", tools=("far/tick",))
    nothing = await g.register("Nothing", tools=())
    for system, sees in ((narrow, ["tick", "answerable_result"]), (nothing, [])):
        key = await g.issue(system)
        listed = (await g.modern("far", "tools/list", key=key)).json()["result"]
        assert ([tool["name"] for tool in listed["tools"]], listed["cacheScope"]) == (sees, "private")
        answer = await g.modern("far", "tools/call", {"name": "weather", "arguments": {"city": "x"}}, key=key)
        assert data(answer)["code"] == "warrant.tool"
        assert (await watched.opens())[-1].sys == system.rid
    assert {leaf.err for leaf in await watched.opens()} == {"warrant.tool"}


async def test_a_handle_outside_its_binding(g: Gate, journal: Journal, watched: Watched) -> None:
    copy = next(copy for copy in g.core.book.copies() if copy.system == g.agent.rid)
    elsewhere = await g.handle(copy.rid, "cidr:10.0.0.0/8")
    answer = await g.modern("far", "tools/call", {"name": "weather", "arguments": {"city": "x"}}, key=elsewhere)
    assert data(answer)["code"].startswith("handle.")
    (leaf,) = await watched.opens()
    assert (leaf.dec, leaf.sys) == ("refuse", g.agent.rid)


async def test_a_graver_call_than_the_warrant_reaches(g: Gate, watched: Watched) -> None:
    answer = await g.modern(
        "far", "tools/call", {"name": "weather", "arguments": {"city": "x"}},
        headers={"answerable-criticality": Criticality.CRITICAL.value},
    )  # fmt: skip
    assert data(answer)["code"] == "warrant.criticality"
    await watched.refused_alone("warrant.criticality")


async def test_an_approval_is_for_one_call_of_one_caller(g: Gate, journal: Journal, watched: Watched) -> None:
    async def pay(**how: Any) -> Any:
        amount = how.pop("amount", 5)
        return await g.modern(
            "far", "tools/call", {"name": "pay", "arguments": {"to": "Mallory", "amount": amount}}, **how
        )

    async def last(*said: object) -> None:
        leaf = (await watched.opens())[-1]
        assert (leaf.dec, leaf.err, leaf.sys) == said

    ran = journal.read("pay")
    hold = (await pay()).json()["result"]["_meta"]["answerable/hold"]["hold"]
    await g.vote(hold)
    # Other arguments under the approved hold.
    answer = await pay(amount=5_000, headers={"answerable-hold": hold})
    assert data(answer)["code"] == "hold.mismatch"
    await last("refuse", "hold.mismatch", g.agent.rid)
    # Another caller.
    payer = await g.register("Other payer")
    other = await g.issue(payer)
    assert data(await pay(key=other, headers={"answerable-hold": hold}))["code"] == "hold.unknown"
    await last("refuse", "hold.unknown", payer.rid)
    assert journal.read("pay") == ran
    # The one that it is for, once.
    paid = await pay()
    assert paid.json()["result"]["content"][0]["text"] == "Paid 5 EUR to Mallory."
    await last("permit", msgspec.UNSET, g.agent.rid)
    # Approval replayed, under another key of the caller's own: it would be a second payment.
    again = {"name": "pay", "arguments": {"to": "Mallory", "amount": 5}, "_meta": {"answerable/idempotency-key": "2"}}
    second = (await g.modern("far", "tools/call", again)).json()["result"]
    assert second["_meta"]["answerable/hold"]["hold"] != hold, "people are asked anew"
    await last("hold", "action.held", g.agent.rid)
    # By its name it tells what it allowed once, and runs nothing.
    told = await g.modern("far", "tools/call", again, headers={"answerable-hold": hold})
    assert told.headers["x-answerable-record"] == paid.headers["x-answerable-record"]
    assert sum(line["arguments"]["to"] == "Mallory" for line in journal.read("pay")) == 1


async def test_strangers_credentials_and_old_ones(g: Gate, watched: Watched) -> None:
    for key in ("", "ans_nobody", "eyJhbGciOiJub25lIn0.e30.", "x" * 20_000):
        answer = await g.modern("far", "tools/call", {"name": "weather", "arguments": {"city": "x"}}, key=key)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    await watched.counted("warrant.missing", "handle.unknown", "warrant.malformed", "warrant.malformed")


async def test_only_what_was_judged_is_sent(g: Gate, journal: Journal) -> None:
    """Members, order and spelling of the caller's message do not reach the server."""
    body = (
        b'{ "jsonrpc":"2.0","id":"q","method":"tools/call","params":{"task":{"ttl":1},"_meta":{"progressToken":1,'
        b'"secret":"x"}, "arguments" : {"ci\\u0074y" : "J\\u00e9na"},"name":"weather"}}'
    )
    answer = await g.post("far", body, headers=OLD)
    assert answer.json()["result"]["content"][0]["text"] == "It is 21 degrees and clear in Jéna."
    assert journal.read("weather")[-1]["arguments"] == {"city": "Jéna"}
    record = answer.headers["x-answerable-record"]
    kept = await g.holds.read(record, "in")
    assert kept is not None
    assert kept[1] == '{"arguments":{"city":"Jéna"},"name":"weather"}'.encode()
