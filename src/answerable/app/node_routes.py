# SPDX-License-Identifier: Apache-2.0
"""What a gateway node's own socket answers: how it is, who answers for its records, its log, and the registry as it
knows it. Everything else is done at the control plane, and says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast

from answerable.control.routes import ROUTES
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.errors import Refused
from answerable.warrants.issuer import Issuer

_ANSWERED: Final = frozenset(
    {("POST", "/who"), ("POST", "/who/file"), ("POST", "/labels/words"), ("POST", "/policy/explain")}
)
_LOOKED_AT: Final = (
    "/alive", "/openapi.json", "/status", "/metrics", "/log/", "/activity", "/systems", "/parties", "/copies", "/stops",
    "/handles", "/policy", "/admins/self", "/nodes",
)  # fmt: skip


class Elsewhere:
    """In the place of what only a control plane has."""

    @classmethod
    def issuer(cls) -> Issuer:
        return cast("Issuer", cls())

    def __getattr__(self, name: str) -> Any:
        raise Refused("node.here")


async def elsewhere(services: Services, call: Call[Any]) -> Any:
    raise Refused("node.here")


def _here(route: Route) -> bool:
    if (route.method, route.path) in _ANSWERED:
        return True
    return route.method == "GET" and route.path.startswith(_LOOKED_AT)


NODE_ROUTES: Final[tuple[Route, ...]] = tuple(
    route if _here(route) else replace(route, run=elsewhere) for route in ROUTES
)
