# SPDX-License-Identifier: Apache-2.0
"""An OpenAI-compatible server that misbehaves on request: the word after ``do:`` in the last message says how."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable

Script = Callable[[asyncio.StreamWriter], AsyncIterator[None]]


def answer(text: str) -> bytes:
    return json.dumps(
        {
            "id": "x", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        }
    ).encode()  # fmt: skip


def event(text: str | None, finish: str | None = None) -> bytes:
    delta = {} if text is None else {"content": text}
    body = {
        "id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }  # fmt: skip
    return b"data: " + json.dumps(body).encode() + b"\n\n"


class ScriptedUpstream:
    """Runs in a thread of the test. calls: bodies that came; gone: calls that the gateway left early; victim: process
    that `do:kill` kills."""

    def __init__(self) -> None:
        self.calls: list[dict[str, object]] = []
        self.gone = 0
        self.victim = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> ScriptedUpstream:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(10)

    def _stop(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _run(self) -> None:
        async def main() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            async with server:
                await server.serve_forever()

        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(main())
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                body = json.loads(await reader.readexactly(length))
                self.calls.append(body)
                word = str(body["messages"][-1]["content"]).partition("do:")[2].split(" ")[0]
                await self._act(word, bool(body.get("stream")), reader, writer)
                if word not in ("", "drip", "key"):
                    return
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the test is over, or the gateway went away: both are what the script wants
        finally:
            writer.close()

    async def _act(self, word: str, stream: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if word == "kill":
            os.kill(self.victim, signal.SIGKILL)
            await asyncio.sleep(30)
        elif word == "hang":
            with contextlib.suppress(ConnectionError):
                await reader.read(1)  # returns when the gateway hangs up
            self.gone += 1
        elif word == "teapot":
            await self._whole(
                writer, b'{"error":{"message":"no","type":"invalid_request_error","code":"bad_thing"}}', 400
            )
        elif word == "broke":
            await self._whole(writer, b"oops", 500)
        elif word == "lie":
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n" + answer("x")
            )
            await writer.drain()
        elif word == "html":
            await self._whole(writer, b"<html>", 200, b"text/html")
        elif word == "key":
            await self._say(stream, writer, ["-----BEGIN PRIVATE", " KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAA\n"])
        elif stream:
            await self._stream(word, writer)
        else:
            await self._whole(writer, answer("a small answer"))

    async def _say(self, stream: bool, writer: asyncio.StreamWriter, pieces: list[str]) -> None:
        if not stream:
            await self._whole(writer, answer("".join(pieces)))
            return
        writer.write(_STREAM)
        for piece in pieces:
            writer.write(_chunk(event(piece)))
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.write(_chunk(event(None, "stop") + b"data: [DONE]\n\n") + b"0\r\n\r\n")
        await writer.drain()

    async def _stream(self, word: str, writer: asyncio.StreamWriter) -> None:
        if word == "drip":
            await self._drip(writer)
            return
        if word == "broken_event":
            writer.write(_STREAM + _chunk(event("one ") + event("two ")))
            await writer.drain()
            await asyncio.sleep(0.2)
            writer.write(_chunk(b"data: {not json\n\n"))
        elif word == "die":
            writer.write(_STREAM + _chunk(event("one ") + event("two ")))
            await writer.drain()
            await asyncio.sleep(0.2)
            writer.transport.abort()
            return
        else:
            await self._say(True, writer, ["one ", "two ", "three"])
            return
        await writer.drain()

    async def _drip(self, writer: asyncio.StreamWriter) -> None:
        """A word every 50 ms for up to half a minute."""
        writer.write(_STREAM)
        try:
            for number in range(600):
                writer.write(_chunk(event(f"word{number} ")))
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            self.gone += 1

    async def _whole(self, writer: asyncio.StreamWriter, body: bytes, status: int = 200, kind: bytes = b"") -> None:
        head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\ncontent-type: ".encode()
        writer.write(head + (kind or b"application/json") + b"\r\n\r\n" + body)
        await writer.drain()


_STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
