# SPDX-License-Identifier: Apache-2.0
"""A scripted OpenAI-compatible server over a real socket: it says, byte for byte, what a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], Iterable[bytes]]


def whole(text: str = "Hello there.", **message: Any) -> bytes:
    """One chat completion."""
    return json.dumps(
        {
            "id": "chatcmpl-upstream",
            "object": "chat.completion",
            "created": 1,
            "model": "upstream-name",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text, **message},
                    "finish_reason": "tool_calls" if message.get("tool_calls") else "stop",
                }
            ],
            "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
        }
    ).encode()


def event(delta: dict[str, Any], finish: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    """One event of a streamed chat completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body: dict[str, Any] = {
        "id": "chatcmpl-upstream",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "upstream-name",
        "choices": [] if usage else [choice],
    }
    if usage:
        body["usage"] = usage
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def streamed(*words: str) -> Iterable[bytes]:
    """A whole stream of these words."""
    yield event({"role": "assistant", "content": ""})
    for word in words:
        yield event({"content": word})
    yield event({}, "stop")
    yield event({}, usage={"prompt_tokens": 7, "completion_tokens": len(words), "total_tokens": 7 + len(words)})
    yield b"data: [DONE]\n\n"


def friendly(request: dict[str, Any]) -> Iterable[bytes]:
    if request.get("stream"):
        yield from streamed("Hello ", "there.")
    else:
        yield whole()


class Upstream:
    """answer: what it says next, from the decoded request to the pieces of the body; may sleep between them.

    asked: the requests that came, decoded; heads: their headers; done: whether the last answer was taken whole.
    """

    def __init__(self) -> None:
        self.answer: Answer = friendly
        self.asked: list[dict[str, Any]] = []
        self.heads: list[dict[str, str]] = []
        self.done = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # an answer that a test lets hang must not hold up its end

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The gateway hanging up is part of what is tested."""


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            upstream.done.clear()
            upstream.asked.append(request)
            upstream.heads.append({name.lower(): value for name, value in self.headers.items()})
            kind = "text/event-stream" if request.get("stream") else "application/json"
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for piece in upstream.answer(request):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
            upstream.done.set()

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: what matters is asserted."""

    return Handler
