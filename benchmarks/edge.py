# SPDX-License-Identifier: Apache-2.0
"""What the edge alone costs: our listener, a handler that passes on what it gets, and our upstream client, over
the mock upstream, beside nginx `proxy_pass`. No action is checked or recorded here: what `benchmarks.gateway` shows
above this is the price of the path itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

from answerable.app.serve import on_loop
from answerable.model.terms import Locality
from answerable.net.bind import tcp
from answerable.net.request import EVENT_STREAM, JSON, Handler, Request
from answerable.net.server import Listener
from answerable.upstreams.openai_compatible import OpenAICompatible
from benchmarks import peers
from benchmarks.processes import Server, python

CHAT = "/v1/chat/completions"


def passing(upstream: OpenAICompatible) -> Handler:
    async def handler(request: Request) -> None:
        body = await request.body(1 << 20) or b""
        stream = b'"stream":true' in body or b'"stream": true' in body
        with closing(await upstream.call(CHAT, body, stream=stream)) as reply:
            if not stream:
                request.answer(200, (JSON,), await reply.whole(1 << 30))
                return
            request.begin(200, (EVENT_STREAM,), await reply.read())
            while piece := await reply.read():
                request.send(piece)
                await request.drained()
            request.end()

    return handler


async def serve(url: str) -> int:
    upstream = OpenAICompatible("mock", f"{url}/v1", locality=Locality.LOCAL)
    listener = Listener(passing(upstream), tcp("127.0.0.1", 0, tls=False))
    await listener.start()
    print(json.dumps({"url": f"http://127.0.0.1:{listener.port}"}), flush=True)
    await asyncio.Event().wait()
    return 0


def once(server: Server, url: str, load: str, concurrency: int, seconds: float) -> float:
    """CPU µs a request. Raises RuntimeError for wrong answers."""
    words = ["--concurrency", str(concurrency), "--seconds", str(seconds), "--model", "mock", "--key", "none"]
    words += ["--stream"] if load == "sse" else []
    before = server.cpu()
    done = subprocess.run(
        python("benchmarks.load", f"{url}/v1", *words), capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr + server.tail())
    return (server.cpu() - before) / json.loads(done.stdout)["answers"] * 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", metavar="UPSTREAM", help="be the edge over this upstream")
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=32)
    options = parser.parse_args()
    if options.serve:
        return on_loop(serve(options.serve))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        mock = Server("mock", python("benchmarks.mock_upstream"), folder)
        stack.callback(mock.stop)
        url = mock.first_line(10)["url"]
        nginx = peers.nginx(url, folder / "nginx")
        stack.callback(nginx.server.stop)
        edge = Server("edge", python("benchmarks.edge", "--serve", url), folder)
        stack.callback(edge.stop)
        servers = {"nginx": (nginx.server, nginx.url.removesuffix("/v1")), "edge": (edge, edge.first_line(30)["url"])}
        print("| load | nginx, µs | edge, µs | × |\n| --- | ---: | ---: | ---: |")
        for load in ("json", "sse"):
            found: dict[str, list[float]] = {name: [] for name in servers}
            for _ in range(options.rounds):
                for name, (server, at) in servers.items():
                    found[name].append(once(server, at, load, options.concurrency, options.seconds))
            floor, ours = (statistics.median(found[name]) for name in ("nginx", "edge"))
            print(f"| {load} at {options.concurrency} | {floor:.0f} | {ours:.0f} | {ours / floor:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
