# SPDX-License-Identifier: Apache-2.0
"""Whether a server takes connections: its address resolves, it accepts, and its certificate verifies where TLS is
asked for. No request is sent: a call costs money, and every call is an action with a record."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from answerable.net.endpoint import Endpoint


async def reachable(endpoint: Endpoint, tls: ssl.SSLContext | None, within_s: float) -> bool:
    """Connect to `endpoint` and hang up; False where that fails or takes longer than `within_s` seconds. tls: used
    where the endpoint says so; None verifies against the machine's own roots. Raises nothing."""
    context = (tls or ssl.create_default_context()) if endpoint.tls else None
    try:
        async with asyncio.timeout(within_s):
            if endpoint.socket:
                _, writer = await asyncio.open_unix_connection(endpoint.socket)
            else:
                name = endpoint.host if context else None
                _, writer = await asyncio.open_connection(
                    endpoint.host, endpoint.port, ssl=context, server_hostname=name
                )
    except (OSError, TimeoutError, ValueError):
        return False
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(within_s):
            await writer.wait_closed()
    return True
