# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from answerable.app.demo_desk import TOOLS, answer


def call(name: str, **arguments: Any) -> dict[str, Any]:
    said = answer({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}})
    assert said is not None
    return said


async def test_the_protocols_own_client_lists_and_calls() -> None:
    started = StdioServerParameters(command=sys.executable, args=["-m", "answerable.app.demo_desk"])
    async with Client(stdio_client(started), mode="legacy") as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == [tool["name"] for tool in TOOLS]
        said = await client.call_tool("pay_invoice", {"invoice": "A-1", "euros": 40})
        assert not said.is_error
        assert said.content[0].text == "Paid invoice A-1: 40 euros (invented: no money moved)."  # type: ignore[union-attr]
        again = await client.call_tool("high_water", {"harbour": "Leith"})
        assert again == await client.call_tool("high_water", {"harbour": "Leith"})


def test_what_it_does_not_know_is_an_error() -> None:
    assert call("wipe")["error"]["code"] == -32602
    assert call("in_stock")["result"]["isError"]
    assert call("in_stock", article="x", more=1)["result"]["isError"]
    assert answer({"jsonrpc": "2.0", "id": 1, "method": "resources/list"}) == {
        "jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no such method"},
    }  # fmt: skip
    assert answer({"jsonrpc": "2.0", "method": "notifications/initialized"}) is None


@pytest.mark.parametrize("message", [7, [], {}, {"jsonrpc": "2.0"}, {"jsonrpc": "1.0", "method": "ping", "id": 1}])
def test_what_is_no_message_is_an_error(message: Any) -> None:
    said = answer(message)
    assert said is not None
    assert said["error"]["code"] == -32600


def test_a_line_that_is_no_json_ends_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "answerable.app.demo_desk"],
        input=b'{{{\n{"jsonrpc":"2.0","id":5,"method":"ping"}\n',
        capture_output=True,
        timeout=30,
        check=True,
    )
    first, second = done.stdout.splitlines()
    assert b"-32700" in first
    assert second == b'{"jsonrpc": "2.0", "id": 5, "result": {}}'
