# SPDX-License-Identifier: Apache-2.0
"""Tool servers that say whatever a test tells them to: over HTTP in this process, over stdio in one of their own."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Answer = bytes | dict[str, Any] | None
WEATHER = {"name": "weather", "description": "Tell the weather.", "inputSchema": {"type": "object"}}


@dataclass
class Asked:
    """One request as it came."""

    verb: str
    headers: dict[str, str]
    message: dict[str, Any]

    @property
    def method(self) -> str:
        return str(self.message.get("method", ""))


def whole(body: bytes, status: str = "200 OK", kind: str = "application/json", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{more}content-length: {len(body)}\r\n\r\n".encode() + body


def events(*data: bytes, end: bool = True) -> bytes:
    """A stream of events, with a length that is short of what was announced where it does not end."""
    body = b"".join(b"event: message\ndata: " + each + b"\n\n" for each in data)
    length = len(body) + (0 if end else 100)
    return f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {length}\r\n\r\n".encode() + body


def result(asked: Asked, value: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": asked.message.get("id"), "result": value}


def error(asked: Asked, code: int, **data: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": asked.message.get("id"), "error": {"code": code, "message": "no", "data": data}}


@dataclass
class Scripted:
    """tools: what it lists. on: method -> what answers it, over what a good server of `revision` would say. A `None`
    closes the connection."""

    url: str = ""
    revision: str = "2026-07-28"
    tools: list[dict[str, Any]] = field(default_factory=lambda: [WEATHER])
    capabilities: dict[str, Any] = field(default_factory=lambda: {"tools": {}})
    on: dict[str, Callable[[Asked], Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    session: str = ""
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    def methods(self) -> list[str]:
        return [each.method or each.verb for each in self.asked]

    def answer(self, asked: Asked) -> Answer:
        if (scripted := self.on.get(asked.method or asked.verb)) is not None:
            return scripted(asked)
        if asked.verb != "POST":
            return whole(b"", "405 Method Not Allowed")
        if "id" not in asked.message:
            return whole(b"", "202 Accepted")
        if asked.method == "server/discover":
            if self.revision != "2026-07-28":
                return whole(b"", "400 Bad Request", "text/plain")
            return result(asked, {"supportedVersions": [self.revision], "capabilities": self.capabilities})
        if asked.method == "initialize":
            more = f"mcp-session-id: {self.session}\r\n" if self.session else ""
            body = {"protocolVersion": self.revision, "capabilities": self.capabilities, "serverInfo": {}}
            return whole(json.dumps(result(asked, body)).encode(), more=more)
        if asked.method == "tools/list":
            return result(asked, {"tools": self.tools})
        if asked.method == "tools/call":
            return result(asked, {"content": [{"type": "text", "text": "clear"}]})
        return error(asked, -32601)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                verb = line.decode().split(" ")[0]
                headers: dict[str, str] = {}
                while (head := (await reader.readline()).decode("latin-1").strip()) != "":
                    name, _, value = head.partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                asked = Asked(verb, headers, json.loads(body) if body else {})
                self.asked.append(asked)
                said = self.answer(asked)
                if said is None:
                    break
                writer.write(said if isinstance(said, bytes) else whole(json.dumps(said).encode()))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def scripted(**members: Any) -> AsyncIterator[Scripted]:
    made = Scripted(**members)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
    try:
        yield made
    finally:
        server.close()
        made.hold.set()


# Lists what stands in one file, and writes each call into another.
LISTED = """
import pathlib
while True:
    m = read()
    if m.get('method') == 'tools/list':
        tools = json.loads(pathlib.Path(sys.argv[1]).read_text())
        say({'jsonrpc': '2.0', 'id': m['id'], 'result': {'tools': tools}})
        continue
    if m.get('method') == 'tools/call':
        p = m['params']
        with open(sys.argv[2], 'a') as out:
            out.write(json.dumps({'tool': p['name'], 'arguments': p['arguments']}) + '\\n')
    good(m)
"""


def child(program: str) -> list[str]:
    """A server over stdio: `program` is Python that finds `read()`, `say(value)` and `good(message)` there."""
    head = (
        "import json, os, sys, time\n"
        "def read():\n    line = sys.stdin.readline()\n    return json.loads(line) if line else sys.exit()\n"
        "def raw(text):\n    sys.stdout.write(text); sys.stdout.flush()\n"
        "def say(value):\n    raw(json.dumps(value) + '\\n')\n"
        "TOOLS = [{'name': 'weather', 'inputSchema': {'type': 'object'}}]\n"
        "def good(m):\n"
        "    if 'id' not in m: return\n"
        "    r = {'initialize': {'protocolVersion': '2025-11-25', 'capabilities': {'tools': {'listChanged': True}}},\n"
        "         'tools/list': {'tools': TOOLS}, 'tools/call': {'content': [], 'pid': os.getpid()}}.get(m['method'])\n"
        "    say({'jsonrpc': '2.0', 'id': m['id'], 'result': r} if r else\n"
        "        {'jsonrpc': '2.0', 'id': m['id'], 'error': {'code': -32601, 'message': 'no'}})\n"
    )
    return [sys.executable, "-c", head + program]
