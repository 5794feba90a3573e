# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from answerable.errors import AnswerableError, Refused
from answerable.upstreams import mcp_listed, mcp_stdio
from answerable.upstreams.mcp_stdio import McpStdio
from answerable.upstreams.process import identity, is_running
from tests.mcp_servers import Journal, command
from tests.small_mcp import child

ROOT = str(Path(__file__).parents[3])
BODY = b'{"arguments":{},"name":"weather"}'
GOOD = "while True: good(read())"


@asynccontextmanager
async def client(words: list[str], **more: Any) -> AsyncIterator[McpStdio]:
    made = McpStdio("desk", words, **{"environment": {}, "directory": ROOT, **more})
    try:
        await made.start()
        yield made
    finally:
        await made.close()


async def call(server: McpStdio, body: bytes = BODY) -> Any:
    return json.loads(await (await server.call("tools/call", body, stream=False)).read())


async def code(server: McpStdio, body: bytes = BODY) -> str:
    with pytest.raises(AnswerableError) as found:
        await call(server, body)
    return found.value.code


@pytest.mark.parametrize("revision", ["auto", "2025-11-25"])
async def test_the_protocols_own_server(tmp_path: Path, revision: str) -> None:
    async with client(command(tmp_path / "journal"), revision=revision) as server:
        assert [each.name for each in server.definitions()][-2:] == ["weather", "wipe"]
        said = await call(server, b'{"arguments":{"city":"Oslo"},"name":"weather"}')
        assert said["result"]["content"][0]["text"].endswith("clear in Oslo.")
        many = [b'{"arguments":{"number":%d},"name":"tick"}' % number for number in range(12)]
        answers = await asyncio.gather(*(call(server, body) for body in many))
        assert [each["result"]["content"][0]["text"] for each in answers] == [f"tick {n}" for n in range(12)]
        process = server.process
        assert is_running(process)
    assert not is_running(process), "it lives no longer than the gateway"
    assert len(Journal(tmp_path / "journal").read()) == 13


async def test_its_environment_is_empty_but_for_what_is_named() -> None:
    program = "TOOLS[0]['description'] = json.dumps(dict(os.environ))\n" + GOOD
    os.environ["ANSWERABLE_TEST_SECRET"] = "ours"
    try:
        async with client(child(program), environment={"DESK_KEY": "its own"}) as server:
            seen = json.loads(server.definitions()[0].description)
    finally:
        del os.environ["ANSWERABLE_TEST_SECRET"]
    assert seen.pop("DESK_KEY") == "its own"
    assert set(seen) <= {"LC_CTYPE"}, "of Python's own making"


async def test_one_that_ends_is_started_again_and_its_calls_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_stdio, "RESTART_S", 0.1)
    program = (
        "while True:\n    m = read()\n"
        "    if m.get('method') == 'tools/call' and m['params']['arguments']: os._exit(3)\n    good(m)"
    )
    async with client(child(program)) as server:
        first = (await call(server))["result"]["pid"]
        assert await code(server, b'{"arguments":{"die":1},"name":"weather"}') == "upstream.truncated"
        assert server.definitions() == (), "another one may answer in its place"
        for _ in range(200):
            if server.definitions():
                break
            await asyncio.sleep(0.05)
        assert (await call(server))["result"]["pid"] != first
        os.kill(int(server.process.split(":")[1]), signal.SIGKILL)
        await asyncio.sleep(0.05)
        assert await code(server) == "upstream.unreachable", "nothing was sent"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("raw('nonsense\\n' * 101)", "upstream.broken"),
        ("raw(('[' * 15_000 + '\\n') * 101)", "upstream.broken"),
        ("raw('x' * 50_000)", "upstream.oversized"),
        ("os.close(1); time.sleep(60)", "upstream.truncated"),
        ("raw('\\n' * 500_000); time.sleep(60)", "upstream.broken"),
        ("say({'jsonrpc': '2.0', 'id': 99_999, 'result': {}})", "upstream.timeout"),
        ("time.sleep(60)", "upstream.timeout"),
    ],
)
async def test_a_hostile_server(monkeypatch: pytest.MonkeyPatch, answer: str, told: str) -> None:
    monkeypatch.setattr(mcp_stdio, "MAX_LINE", 20_000)
    monkeypatch.setattr(mcp_stdio, "END_S", 0.1)
    program = f"while True:\n    m = read()\n    if m.get('method') != 'tools/call': good(m)\n    else: {answer}"
    async with client(child(program), call_s=0.5) as server:
        assert await code(server) == told
        if told not in ("upstream.timeout",):
            assert server.definitions() == ()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        # Of what it claims to answer nobody knows the outcome, at once.
        ("say({'jsonrpc': '1.0', 'id': m['id'], 'result': {}})", "upstream.broken"),
        ("say({'id': m['id'], 'result': {}})", "upstream.broken"),
        ("say({'jsonrpc': '2.0', 'id': m['id']})", "upstream.broken"),
        (
            "say({'jsonrpc': '2.0', 'id': m['id'], 'result': {}, 'error': {'code': 1, 'message': ''}})",
            "upstream.broken",
        ),
        ("say({'jsonrpc': '2.0', 'id': m['id'], 'method': 'ping', 'result': {}})", "upstream.broken"),
        ("say({'jsonrpc': '2.0', 'id': str(m['id']), 'result': {}})", "upstream.broken"),
        ("say([{'jsonrpc': '2.0', 'id': m['id'], 'result': {}}])", "upstream.broken"),
        # What claims nothing is passed over, and this one waits on.
        ("raw('nonsense\\n')", "upstream.timeout"),
        ("raw('[]\\n')", "upstream.timeout"),
        ("raw('[' * 15_000 + '\\n')", "upstream.timeout"),
        ("say({'jsonrpc': '2.0', 'id': m['id'] + 0.5, 'result': {}})", "upstream.timeout"),
        ("say({'jsonrpc': '2.0', 'id': None, 'error': {'code': -32700, 'message': ''}})", "upstream.timeout"),
        ("say({'jsonrpc': '2.0', 'id': True, 'result': {}})", "upstream.timeout"),
    ],
)
async def test_a_line_that_is_no_message_fails_what_it_claims_to_answer(answer: str, told: str) -> None:
    """Another call that is under way meanwhile has its answer, of the same child."""
    program = (
        "late = []\nwhile True:\n    m = read()\n"
        "    if m.get('method') != 'tools/call': good(m); continue\n"
        "    if m['params']['arguments'].get('wait'): late.append(m); continue\n"
        f"    {answer}\n    [good(each) for each in late]; late.clear()"
    )
    async with client(child(program), call_s=0.5) as server:
        first = server.process
        other = asyncio.create_task(call(server, b'{"arguments":{"wait":1},"name":"weather"}'))
        await asyncio.sleep(0.05)
        assert await code(server) == told
        assert (await other)["result"]["content"] == []
        assert server.process == first
        assert server.strays.total == 1
        assert server.definitions()


async def test_a_word_between_two_messages_keeps_nobody_waiting(caplog: pytest.LogCaptureFixture) -> None:
    program = (
        "while True:\n    m = read()\n"
        "    if m.get('method') == 'tools/call': raw('starting on ' + str(m['params']) + '\\n')\n    good(m)"
    )
    with caplog.at_level(logging.WARNING):
        async with client(child(program)) as server:
            pids = {(await call(server))["result"]["pid"] for _ in range(50)}
            assert len(pids) == 1
            assert server.strays.total == 50
    said = [record.message for record in caplog.records if "no messages" in record.message]
    assert said == ["desk writes lines that are no messages, 0 before"], "once, and nothing of what it wrote"


async def test_who_does_not_wait_any_more_says_so() -> None:
    program = (
        "seen = []\nwhile True:\n    m = read()\n    seen.append(m.get('method'))\n"
        "    if m.get('method') == 'tools/call' and m['params']['arguments']: continue\n"
        "    if m.get('method') == 'tools/call': say({'jsonrpc': '2.0', 'id': m['id'], 'result': {'seen': seen}})\n"
        "    else: good(m)"
    )
    async with client(child(program), call_s=0.1) as server:
        assert await code(server, b'{"arguments":{"slow":1},"name":"weather"}') == "upstream.timeout"
        task = asyncio.create_task(call(server, b'{"arguments":{"slow":2},"name":"weather"}'))
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (await call(server))["result"]["seen"].count("notifications/cancelled") == 2


async def test_more_at_once_than_it_takes() -> None:
    program = "while True:\n    m = read()\n    if m.get('method') != 'tools/call': good(m)"
    async with client(child(program), flights=2, call_s=0.3) as server:
        first = [asyncio.create_task(code(server)) for _ in range(2)]
        await asyncio.sleep(0.05)
        assert await code(server) == "upstream.busy"
        assert await asyncio.gather(*first) == ["upstream.timeout"] * 2


async def test_it_asks_and_tells() -> None:
    program = (
        "TOOLS2 = TOOLS + [{'name': 'note', 'inputSchema': {'type': 'object'}}]\n"
        "while True:\n    m = read()\n    good(m)\n"
        "    if m.get('method') == 'tools/call':\n"
        "        say({'jsonrpc': '2.0', 'id': 'p', 'method': 'ping'}); TOOLS.append(read())\n"
        "        del TOOLS[:]; TOOLS.extend(TOOLS2)\n"
        "        say({'jsonrpc': '2.0', 'method': 'notifications/tools/list_changed'})\n"
    )
    async with client(child(program)) as server:
        await call(server)
        for _ in range(100):
            if server.definition("note"):
                break
            await asyncio.sleep(0.02)
        assert server.definition("note")


async def test_what_it_writes_beside_the_protocol_is_counted_and_not_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    program = "sys.stderr.write('the prompt of somebody'); sys.stderr.flush()\n" + GOOD
    async with client(child(program)) as server:
        await call(server)
        os.kill(int(server.process.split(":")[1]), signal.SIGKILL)
        await asyncio.sleep(0.1)
    assert "22 bytes" in caplog.text
    assert "somebody" not in caplog.text


async def test_its_children_end_with_it() -> None:
    program = (
        "import subprocess\np = subprocess.Popen(['/bin/sleep', '60'])\nTOOLS[0]['description'] = str(p.pid)\n" + GOOD
    )
    async with client(child(program)) as server:
        pid = int(server.definitions()[0].description)
        os.kill(pid, 0)
    for _ in range(50):
        if not is_running(identity(pid)):
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("it outlived the server")


async def ends(process: str, within_s: float = 2.0) -> None:
    async with asyncio.timeout(within_s):
        while is_running(process):  # noqa: ASYNC110  # another process's end is not awaited
            await asyncio.sleep(0.01)


async def test_an_order_ends_it_at_once_and_it_does_not_come_back_while_it_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mcp_stdio, "RESTART_S", 0.05)
    monkeypatch.setattr(mcp_stdio, "END_S", 30.0)  # one that is stopped is given no moment
    for name in ("PAUSE_S", "RETRY_S"):
        monkeypatch.setattr(mcp_listed, name, 0.05)
    program = (
        "import signal, subprocess\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "p = subprocess.Popen(['/bin/sleep', '60'])\nTOOLS[0]['description'] = str(p.pid)\n"
        "while True:\n    m = read()\n    if m.get('method') != 'tools/call': good(m)"
    )
    stands: list[str] = []
    async with client(child(program), order=lambda: stands[0] if stands else "") as server:
        process, helper = server.process, identity(int(server.definitions()[0].description))
        server.halt()
        await asyncio.sleep(0.05)
        assert is_running(process), "no order reaches it"
        waits = asyncio.create_task(code(server))
        await asyncio.sleep(0.05)
        stands.append("o" * 32)
        server.halt()
        server.halt()
        assert server.definitions() == ()
        assert await waits == "upstream.truncated", "nobody knows what it did"
        await ends(process)
        await ends(helper)
        for _ in range(20):
            await asyncio.sleep(0.02)
            assert server.process == "", "started again while the order stands"
        assert server.error is not None
        assert server.error.code == "stop.system"
        assert await code(server) == "upstream.unreachable"
        stands.clear()
        async with asyncio.timeout(10):
            while not server.definitions():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert server.process not in ("", process)
        monkeypatch.setattr(mcp_stdio, "END_S", 0.1)


async def test_an_order_that_comes_while_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    stands: list[str] = []
    born: list[str] = []
    spawn = McpStdio._spawn

    async def slowly(self: McpStdio) -> None:
        await spawn(self)
        born.append(self.process)
        stands.append("o" * 32)  # nobody halts: there was no child yet when it came

    monkeypatch.setattr(McpStdio, "_spawn", slowly)
    monkeypatch.setattr(mcp_stdio, "END_S", 30.0)
    async with client(child("time.sleep(60)"), order=lambda: stands[0] if stands else "") as server:
        assert server.definitions() == ()
        await ends(born[0])
        assert server.process == ""
        assert len(born) == 1


@pytest.mark.parametrize("words", [[], ["desk"], ["./desk"]])
def test_a_program_by_its_full_path(words: list[str]) -> None:
    with pytest.raises(Refused) as found:
        McpStdio("desk", words, environment={})
    assert found.value.code == "config.value"


@pytest.mark.parametrize("words", [["/nonexistent/desk"], ["/bin/true"], ["/bin/cat", "/dev/null"]])
async def test_one_that_is_no_server(words: list[str]) -> None:
    async with client(words) as server:
        assert server.definitions() == ()
        assert server.error is not None
        assert await code(server) == "upstream.unreachable"
        assert not await server.reachable(0.1)


async def test_another_path_is_no_call() -> None:
    async with client(child(GOOD)) as server:
        with pytest.raises(Refused):
            await server.call("/v1/chat/completions", BODY, stream=False)
