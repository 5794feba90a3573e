# SPDX-License-Identifier: Apache-2.0
"""A model server that costs next to nothing: the same OpenAI-shaped answer every time, as JSON or as 33 events.

It reads enough of each request to know whether a stream is asked for, and counts the calls. `GET /control` says
``{"calls": n}``; `POST /control` with ``{"pace_ms": x}`` sets the time before each event of a stream from then on (0:
as fast as the connection takes them). Its first line on stdout is ``{"url": ...}``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
from typing import Any, Final, cast

import httptools

EVENTS: Final = 33  # a role, 30 words, an end, the usage; then [DONE]
WORDS: Final = [f" token{n:02d}" for n in range(EVENTS - 3)]
USAGE: Final = {"prompt_tokens": 12, "completion_tokens": len(WORDS), "total_tokens": 12 + len(WORDS)}
BASE: Final = {"id": "chatcmpl-mock", "created": 1_700_000_000, "model": "mock"}


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _answer() -> bytes:
    message = {"role": "assistant", "content": "".join(WORDS).strip()}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return _json({**BASE, "object": "chat.completion", "choices": [choice], "usage": USAGE})


def _events() -> list[bytes]:
    def event(delta: dict[str, Any], end: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": end}
        return {**BASE, "object": "chat.completion.chunk", "choices": [choice], "usage": None}

    values = [event({"role": "assistant"}), *(event({"content": word}) for word in WORDS), event({}, "stop")]
    values.append({**BASE, "object": "chat.completion.chunk", "choices": [], "usage": USAGE})
    return [b"data: " + _json(value) + b"\n\n" for value in values]


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


JSON_ANSWER: Final = _response("200 OK", "application/json", _answer())
# x-accel-buffering: nginx then hands each event on as it comes.
STREAM_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
    b"x-accel-buffering: no\r\ntransfer-encoding: chunked\r\n\r\n"
)
STREAM: Final = [_chunk(event) for event in _events()]
STREAM_END: Final = _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
MODELS: Final = _response(
    "200 OK", "application/json", _json({"object": "list", "data": [{"id": "mock", "object": "model"}]})
)
NOT_FOUND: Final = _response("404 Not Found", "application/json", b'{"error":{"message":"no such path"}}')


class State:
    """What the connections share."""

    def __init__(self) -> None:
        self.calls = 0
        self.pace_s = 0.0


class Connection(asyncio.Protocol):
    def __init__(self, state: State) -> None:
        self._state = state
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._url = b""
        self._body = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # asyncio leaves it off for sockets made without a protocol number; with Nagle's algorithm the second event of a
        # stream would wait 40 ms for an acknowledgement.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_begin(self) -> None:
        self._body = b""

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._url == b"/control":
            self._control()
        elif self._parser.get_method() == b"GET":
            self._transport.write(MODELS)
        elif not self._url.endswith(b"/v1/chat/completions"):
            self._transport.write(NOT_FOUND)
        else:
            self._state.calls += 1
            if b'"stream":true' in self._body or b'"stream": true' in self._body:
                self._stream()
            else:
                self._transport.write(JSON_ANSWER)

    def _control(self) -> None:
        if self._body:
            self._state.pace_s = float(json.loads(self._body)["pace_ms"]) / 1000
        self._transport.write(_response("200 OK", "application/json", _json({"calls": self._state.calls})))

    def _stream(self) -> None:
        self._transport.write(STREAM_HEAD)
        if self._state.pace_s:
            self._later(0)
            return
        for event in STREAM:
            self._transport.write(event)
        self._transport.write(STREAM_END)

    def _later(self, number: int) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._state.pace_s, self._event, number)

    def _event(self, number: int) -> None:
        if number == EVENTS:
            self._timer = None
            self._transport.write(STREAM_END)
            return
        self._transport.write(STREAM[number])
        self._later(number + 1)


async def serve(port: int) -> None:
    state = State()
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(state), sock=listener)
    print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
