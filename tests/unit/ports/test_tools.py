# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import inspect

from answerable.ports import Tools, ToolServer, Upstream
from answerable.tools.standing import Standing
from answerable.upstreams.mcp_http import McpHttp
from answerable.upstreams.mcp_stdio import McpStdio


def test_who_keeps_the_contracts() -> None:
    for method in ("find", "shown"):
        assert list(inspect.signature(getattr(Standing, method)).parameters) == list(
            inspect.signature(getattr(Tools, method)).parameters
        )
    for server in (McpHttp, McpStdio):
        for method in ("definitions", "definition", "refused", "refresh", "call", "close"):
            told = getattr(ToolServer, method, None) or getattr(Upstream, method)
            assert list(inspect.signature(getattr(server, method)).parameters) == list(
                inspect.signature(told).parameters
            )
