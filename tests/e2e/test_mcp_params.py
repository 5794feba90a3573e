# SPDX-License-Identifier: Apache-2.0
"""Arguments that stand in headers too (2026-07-28, `x-mcp-header`): the protocol's own client, this gateway, and the
protocol's own server, which refuses a call whose headers do not say what its body says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import pytest_asyncio
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.mcp_servers import Journal, running
from tests.tool_gate import WRITES, Gate, gate

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Post:
    """The gate in front of the server, what ran there, and the heads that came there."""

    def __init__(self, g: Gate, folder: Path) -> None:
        self.g, self.journal, self._seen = g, Journal(folder / "journal"), folder / "seen"

    def ran(self) -> list[dict[str, Any]]:
        return [line["arguments"] for line in self.journal.read("post")]

    def heads(self) -> list[dict[str, str]]:
        """Of the calls of a tool that came to the server."""
        heads = [json.loads(line) for line in self._seen.read_text().splitlines()]
        return [head for head in heads if head.get("mcp-method") == "tools/call"]

    async def asked(self, arguments: dict[str, Any], headers: Mapping[str, str], how: str = "modern") -> Any:
        ask = self.g.modern if how == "modern" else self.g.old
        return await ask("far", "tools/call", {"name": "post", "arguments": arguments}, headers=dict(headers))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def post(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Post]:
    folder = tmp_path_factory.mktemp("params")
    with running(folder / "journal", "--marked", "--seen", str(folder / "seen")) as url:
        async with gate(folder, url=url, classes={"post": WRITES}) as g:
            yield Post(g, folder)


async def test_a_clients_headers_are_judged_and_the_servers_are_made_here(post: Post) -> None:
    sent: list[httpx.Headers] = []

    async def note(request: httpx.Request) -> None:
        sent.append(request.headers)

    headers = {"authorization": f"Bearer {post.g.key}"}
    async with httpx.AsyncClient(headers=headers, timeout=30, event_hooks={"request": [note]}) as http:
        transport = streamable_http_client(f"{post.g.url}/mcp/far", http_client=http)
        async with Client(transport, mode="2026-07-28") as it:
            await it.list_tools()
            said = await it.call_tool("post", {"to": "Ada", "region": "東京", "urgent": True})
    assert said.content[0].text == "Posted to Ada in 東京."
    (call,) = [each for each in sent if each.get("mcp-method") == "tools/call"]
    assert (call["mcp-param-region"], call["mcp-param-urgent"]) == ("=?base64?5p2x5Lqs?=", "true")
    head = post.heads()[-1]
    assert (head["mcp-param-region"], head["mcp-param-urgent"]) == ("=?base64?5p2x5Lqs?=", "true")
    assert post.ran()[-1] == {"to": "Ada", "region": "東京", "urgent": True}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"mcp-param-region": "us", "mcp-param-urgent": "true"},
        {"mcp-param-region": "eu"},
        {"mcp-param-region": "eu", "mcp-param-urgent": "false"},
        {"mcp-param-region": "=?base64?dXM=?=", "mcp-param-urgent": "true"},
        {"mcp-param-region": "=?base64?!?=", "mcp-param-urgent": "true"},
    ],
    ids=["none", "another", "one of two", "no", "another in base64", "no base64"],
)
async def test_headers_that_do_not_say_what_the_body_says(post: Post, headers: dict[str, str]) -> None:
    before, ran, came = len(await post.g.opens()), post.ran(), len(post.heads())
    answer = await post.asked({"to": "Eve", "region": "eu", "urgent": True}, headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32020)
    assert answer.json()["error"]["data"]["code"] == "mcp.mismatch"
    (leaf,) = (await post.g.opens())[before:]
    assert (leaf.dec, leaf.err, leaf.sys) == ("refuse", "mcp.mismatch", post.g.agent.rid)
    assert (post.ran(), len(post.heads())) == (ran, came)


async def test_a_header_of_an_argument_that_is_not_there(post: Post) -> None:
    ran = post.ran()
    answer = await post.asked({"to": "Eve", "region": "eu"}, {"mcp-param-region": "eu", "mcp-param-urgent": "true"})
    assert answer.json()["error"]["data"]["code"] == "mcp.mismatch"
    assert post.ran() == ran


async def test_what_a_caller_writes_into_headers_goes_no_further(post: Post) -> None:
    """A client of the other revision repeats nothing: what it says there is passed over, and what the server of the
    newer one reads there is what its body says."""
    told = {"mcp-param-region": "us", "mcp-param-urgent": "true", "mcp-param-other": "x"}
    answer = await post.asked({"to": "Ben", "region": "eu"}, told, "old")
    assert answer.json()["result"]["content"][0]["text"] == "Posted to Ben in eu."
    head = post.heads()[-1]
    assert head["mcp-param-region"] == "eu"
    assert not {"mcp-param-urgent", "mcp-param-other"} & head.keys()
    assert post.ran()[-1] == {"to": "Ben", "region": "eu", "urgent": False}
