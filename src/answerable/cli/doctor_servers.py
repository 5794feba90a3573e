# SPDX-License-Identifier: Apache-2.0
"""`doctor` on tool servers: one that answers whoever reaches it can be called round the gate, and is not governed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from answerable.cli.talk import pick

if TYPE_CHECKING:
    from answerable.cli.doctor import Finding
    from answerable.config import Config


def look(config: Config) -> Iterator[Finding]:
    """Asks each server at an address for its tools, with no credential."""
    from answerable.cli.doctor import FAIL, OK, WARN, Finding
    from answerable.errors import AnswerableError

    for name, server in config.servers.items():
        check = f"tool server {name}"
        if server.kind == "stdio":
            yield Finding(check, OK, pick("a child process of the gateway alone", "仅为网关的子进程"))
            continue
        try:
            answers = asyncio.run(_asked(name, config))
        except AnswerableError as error:
            yield Finding(check, FAIL, error.reason(pick("en", "zh")), error.remedy(pick("en", "zh")))
            continue
        if answers:
            yield Finding(
                check,
                WARN,
                pick(
                    "it answers without credentials: it is not governed, the gate can be gone round",
                    "无需凭据即可访问：不受治理，网关可被绕过",
                ),
                pick(
                    "Give it a credential that only the gate has (credential_file), or isolate it.",
                    "请为其设置仅网关持有的凭据（credential_file），或将其隔离。",
                ),
            )
        elif answers is False:
            yield Finding(check, OK, pick("does not answer strangers", "不响应陌生请求"))
        else:
            yield Finding(
                check,
                WARN,
                pick("it did not say whether it answers strangers", "无法得知其是否响应陌生请求"),
                pick("Start it, then look again.", "请启动后再次检查。"),
            )


async def _asked(name: str, config: Config) -> bool | None:
    from answerable.app.serving import tls_of
    from answerable.net.limits import Limits
    from answerable.upstreams.mcp_http import McpHttp

    server = config.servers[name]
    limits = Limits(connections=2, connect=server.connect_timeout_s, head=5.0, silence=5.0)
    asked = McpHttp(name, server.url, locality=server.locality, limits=limits, tls=tls_of(server.ca_file))
    try:
        return await asked.answers_anyone()
    finally:
        await asked.close()
