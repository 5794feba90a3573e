# SPDX-License-Identifier: Apache-2.0
"""``POST /relay/v1/orders`` at a gateway: whoever shows it a warrant may hand on the stop orders that the warrant
names (`docs/spec/warrant.md`, "Explained"). Each proves itself; its carrier adds nothing and is believed nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from answerable.errors import Refused
from answerable.model.warrants import Credential, Recognised
from answerable.net.request import JSON, NO_STORE, Request
from answerable.pipeline.deps import Deps

PATH: Final = "/relay/v1/orders"
MAX_BODY: Final = 4 << 20  # as on a relay
Take = Callable[[bytes], Awaitable[bytes]]
"""A request's body -> the answer: up to which change all is known. Raises Refused ``admin.request``, ``order.*``."""


async def take(request: Request, shown: Credential, deps: Deps, reserve: Callable[[int], None], hear: Take) -> None:
    """Answer it. reserve: room for so many bytes more of a body. Raises Refused for who is not known here, whose own
    warrant may have ended; as `Take`."""
    if request.method != "POST":
        raise Refused("request.method", method=request.method[:16], allowed="POST")
    try:
        await deps.desk.present(shown)
    except Recognised:
        pass  # a stop concerns whoever carries it too
    except Refused as error:
        deps.ledger.count_refusal(error.code)
        raise
    body = await request.body(MAX_BODY, reserve)
    if body is None:
        raise Refused("request.too_large", limit=MAX_BODY)
    request.answer(200, (JSON, NO_STORE), await hear(body))
