# SPDX-License-Identifier: Apache-2.0
"""The gateway on a real port, with the real path behind it, in the scripted world of `tests.unit.pipeline`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from answerable.gateway.app import Gateway
from answerable.model.terms import Locality
from answerable.net.limits import Limits
from answerable.pipeline.carry import carry
from answerable.upstreams.openai_compatible import OpenAICompatible
from tests.unit.net.servers import talk
from tests.unit.net.test_server import handling
from tests.unit.pipeline.scripted import DIALECTS, Stage

ASK = {"model": "model", "messages": [{"role": "user", "content": "hi"}]}


class House:
    def __init__(self, stage: Stage, gateway: Gateway, port: int) -> None:
        self.stage = stage
        self.gateway = gateway
        self.port = port

    def request(
        self, method: str, path: str, body: bytes = b"", *, key: str = "ans_good", close: bool = True, **headers: str
    ) -> bytes:
        lines = [f"{method} {path} HTTP/1.1"]
        fields = {"host": f"127.0.0.1:{self.port}", "authorization": f"Bearer {key}", "content-length": str(len(body))}
        fields |= {"connection": "close"} if close else {}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines += [f"{name}: {value}" for name, value in fields.items() if value]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    async def call(self, method: str, path: str, body: bytes = b"", **how: Any) -> tuple[int, dict[str, str], bytes]:
        answer = await talk(self.port, self.request(method, path, body, **how))
        head, _, rest = answer.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return int(status.split(" ")[1]), headers, rest

    async def chat(self, body: Any = None, **how: Any) -> tuple[int, dict[str, str], bytes]:
        data = body if isinstance(body, bytes) else msgspec.json.encode(ASK | (body or {}))
        return await self.call("POST", "/v1/chat/completions", data, **how)


@asynccontextmanager
async def house(
    stage: Stage | None = None, *, url: str = "", limits: Limits | None = None, **options: Any
) -> AsyncIterator[House]:
    """url: of a real upstream, instead of the script."""
    stage = stage or Stage(carry)
    upstream = OpenAICompatible("up", url, locality=Locality.LOCAL, limits=limits) if url else None
    if upstream is not None:
        stage.serve(stage.model, upstream)  # type: ignore[arg-type]
        from dataclasses import replace

        stage.deps = replace(stage.deps, models=stage.models)
    listening = {name: options.pop(name) for name in ("body_s", "read_s") if name in options}
    gateway = Gateway(stage.deps, DIALECTS, **options)
    async with handling(gateway, **listening) as listener:
        yield House(stage, gateway, listener.port)
    if upstream is not None:
        await upstream.close()
    for _ in range(100):
        if not gateway.calls:
            break
        await asyncio.sleep(0.02)
    assert (gateway.calls, gateway._reserved) == (0, 0), "a call was left behind"


def code(body: bytes) -> str:
    return str(msgspec.json.decode(body)["error"]["code"])
