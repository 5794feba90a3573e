# SPDX-License-Identifier: Apache-2.0
"""What the rules are, and which of them decided."""

from __future__ import annotations

from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.model.terms import AdminRole
from answerable.policy.explain import Explanation
from answerable.policy.explain import explain as explanation
from answerable.policy.explain import table as rules

LANGUAGE = {"lang": "en or zh"}


async def table(services: Services, call: Call[None]) -> list[Explanation]:
    return list(rules(call.query.get("lang", "en")))


async def explain(services: Services, call: Call[None]) -> Explanation:
    return explanation(call.path["rule"], call.query.get("lang", "en"))


ROUTES = (
    Route("GET", "/policy", AdminRole.VIEWER, table, list[Explanation], "Every rule, in order.", query=LANGUAGE),
    Route("GET", "/policy/{rule}", AdminRole.VIEWER, explain, Explanation, "One rule.", query=LANGUAGE),
)
