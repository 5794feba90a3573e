# SPDX-License-Identifier: Apache-2.0
"""An OpenAI-compatible model server that follows a script (`tests.frameworks.script`): chat completions and responses,
whole or streamed, with tool calls. A real server over a real socket; only the thinking is written down beforehand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from tests.frameworks.script import Turn, next_turn, of_chat, of_responses

NAME: Final = "scripted"
_PIECE: Final = 12  # characters of a streamed piece


class ScriptedModel:
    """asked: path and decoded body of each request that came. Responses are kept, as OpenAI keeps them, so that a
    client may go on from one by its id."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._kept: dict[str, list[dict[str, Any]]] = {}
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, body: dict[str, Any]) -> Iterator[bytes]:
        """The pieces of the answer's body."""
        self.asked.append((path, body))
        number = len(self.asked)
        if path.endswith("/responses"):
            body = {**body, "input": self._whole(body)}
            turn = next_turn(of_responses(body))
            self._kept[f"resp_{number}"] = [*body["input"], _item(turn, number)]
        else:
            turn = next_turn(of_chat(body))
        time.sleep(turn.pause)
        if path.endswith("/responses"):
            return _response_events(turn, number) if body.get("stream") else iter([_json(_response(turn, number))])
        return _chat_events(turn, number, body) if body.get("stream") else iter([_json(_chat(turn, number))])

    def _whole(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """The input with what came before it. Raises KeyError for a response that was never given."""
        asked = body["input"]
        items = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
        before = body.get("previous_response_id")
        return [*self._kept[before], *items] if before else items


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


# --- chat completions -------------------------------------------------------------------------------------------------


def _call(turn: Turn, number: int) -> dict[str, Any]:
    return {"id": f"call_{number}", "type": "function", "function": {"name": turn.call, "arguments": turn.arguments}}


def _chat(turn: Turn, number: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": turn.text or None}
    if turn.call:
        message["tool_calls"] = [_call(turn, number)]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if turn.call else "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    answer = {"id": f"chatcmpl-{number}", "object": "chat.completion", "created": 1, "model": NAME}
    return {**answer, "choices": [choice], "usage": usage}


def _chat_events(turn: Turn, number: int, body: dict[str, Any]) -> Iterator[bytes]:
    head = {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": 1, "model": NAME}

    def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return b"data: " + _json({**head, "choices": [choice]}) + b"\n\n"

    yield event({"role": "assistant", "content": None if turn.call else ""})
    if turn.call:
        called = _call(turn, number)
        yield event({"tool_calls": [{"index": 0, **called, "function": {"name": turn.call, "arguments": ""}}]})
        for piece in _pieces(turn.arguments):
            yield event({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    for piece in _pieces(turn.text):
        yield event({"content": piece})
    yield event({}, "tool_calls" if turn.call else "stop")
    if (body.get("stream_options") or {}).get("include_usage"):
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        yield b"data: " + _json({**head, "choices": [], "usage": usage}) + b"\n\n"
    yield b"data: [DONE]\n\n"


def _pieces(text: str) -> list[str]:
    return [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]


# --- responses --------------------------------------------------------------------------------------------------------


def _item(turn: Turn, number: int) -> dict[str, Any]:
    if turn.call:
        called = {"id": f"fc_{number}", "type": "function_call", "status": "completed", "call_id": f"call_{number}"}
        return {**called, "name": turn.call, "arguments": turn.arguments}
    part = {"type": "output_text", "text": turn.text, "annotations": [], "logprobs": []}
    return {"id": f"msg_{number}", "type": "message", "status": "completed", "role": "assistant", "content": [part]}


def _response(turn: Turn, number: int, *, done: bool = True) -> dict[str, Any]:
    usage = {
        "input_tokens": 10, "output_tokens": 5, "total_tokens": 15,
        "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
    }  # fmt: skip
    return {
        "id": f"resp_{number}", "object": "response", "created_at": 1, "model": NAME,
        "status": "completed" if done else "in_progress",
        "output": [_item(turn, number)] if done else [], "usage": usage if done else None,
        "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
        "parallel_tool_calls": True, "temperature": 1.0, "top_p": 1.0, "tool_choice": "auto", "tools": [],
    }  # fmt: skip


def _response_events(turn: Turn, number: int) -> Iterator[bytes]:
    count = iter(range(10_000))

    def event(kind: str, **members: Any) -> bytes:
        body = {"type": kind, "sequence_number": next(count), **members}
        return b"event: " + kind.encode() + b"\ndata: " + _json(body) + b"\n\n"

    item = _item(turn, number)
    at = {"item_id": item["id"], "output_index": 0}
    yield event("response.created", response=_response(turn, number, done=False))
    yield event("response.in_progress", response=_response(turn, number, done=False))
    if turn.call:
        begun = {**item, "status": "in_progress", "arguments": ""}
        yield event("response.output_item.added", output_index=0, item=begun)
        for piece in _pieces(turn.arguments):
            yield event("response.function_call_arguments.delta", **at, delta=piece)
        yield event("response.function_call_arguments.done", **at, name=turn.call, arguments=turn.arguments)
    else:
        part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        begun = {**item, "status": "in_progress", "content": []}
        yield event("response.output_item.added", output_index=0, item=begun)
        yield event("response.content_part.added", **at, content_index=0, part=part)
        for piece in _pieces(turn.text):
            yield event("response.output_text.delta", **at, content_index=0, delta=piece, logprobs=[])
        yield event("response.output_text.done", **at, content_index=0, text=turn.text, logprobs=[])
        yield event("response.content_part.done", **at, content_index=0, part={**part, "text": turn.text})
    yield event("response.output_item.done", output_index=0, item=item)
    yield event("response.completed", response=_response(turn, number))


# --- the server -------------------------------------------------------------------------------------------------------


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A gateway that hangs up, because of a stop, is part of what is tried."""


def _handler(model: ScriptedModel) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream" if body.get("stream") else "application/json")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for piece in model.answer(self.path, body):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: what matters is asserted."""

    return Handler
