# SPDX-License-Identifier: Apache-2.0
"""The independent sink: a model server that knows nothing of warrants and writes down when what reached it, by its own
clock. Run as a program: ``sink.py HOST PORT FILE``; the standard library alone, so that nothing of ours is in it.

A line is ``<ns since 1970> <what> <text>``: ``call`` when a whole request was there, ``piece`` with each piece of a
streamed answer that was taken, ``gone`` when the caller went away before its end.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

PIECE_S = 0.1
PIECES = 600  # of a stream: a minute


def answer(text: str) -> bytes:
    return json.dumps(
        {
            "id": "x", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        }
    ).encode()  # fmt: skip


def piece(text: str) -> bytes:
    body = {
        "id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}],
    }  # fmt: skip
    data = b"data: " + json.dumps(body).encode() + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


class Sink:
    def __init__(self, file: str) -> None:
        self._out = Path(file).open("a", buffering=1, encoding="ascii")  # noqa: SIM115  kept for as long as we run

    def note(self, what: str, text: str) -> None:
        self._out.write(f"{time.time_ns()} {what} {text}\n")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        body = json.loads(await reader.readexactly(length)) if length else {}
        if not body:
            text = json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(text))
            writer.write(text)
            return True
        said = str(body["messages"][-1]["content"]).replace("\n", " ")
        self.note("call", said)
        if body.get("stream"):
            await self._stream(writer, said)
            return False
        text = answer("done")
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(text) + text
        )
        await writer.drain()
        return True

    async def _stream(self, writer: asyncio.StreamWriter, said: str) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        try:
            for _ in range(PIECES):
                if writer.transport.is_closing():
                    break
                writer.write(piece("word "))
                await writer.drain()
                self.note("piece", said)
                await asyncio.sleep(PIECE_S)
        except ConnectionError:
            pass
        self.note("gone", said)


async def main() -> None:
    sink = Sink(sys.argv[3])
    server = await asyncio.start_server(sink.serve, sys.argv[1], int(sys.argv[2]), backlog=512)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
