# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.app.node_routes import NODE_ROUTES, Elsewhere, elsewhere
from answerable.control.routes import ROUTES
from answerable.errors import Refused


def test_a_node_answers_who_and_what_it_knows_and_changes_nothing() -> None:
    assert [(route.method, route.path) for route in NODE_ROUTES] == [(route.method, route.path) for route in ROUTES]
    here = {(route.method, route.path) for route in NODE_ROUTES if route.run is not elsewhere}
    assert {("POST", "/who"), ("GET", "/status"), ("GET", "/log/checkpoint"), ("GET", "/stops")} <= here
    asked = {"/who", "/who/file", "/labels/words", "/policy/explain"}  # a question with a body
    assert {method for method, path in here if path not in asked} == {"GET"}
    elsewhere_only = {
        ("POST", "/stops"),
        ("POST", "/systems"),
        ("POST", "/nodes"),
        ("GET", "/feed"),
        ("GET", "/recover"),
    }
    assert not elsewhere_only & here


async def test_everything_else_says_where_it_is_done() -> None:
    with pytest.raises(Refused, match=r"node\.here"):
        await elsewhere(None, None)  # type: ignore[arg-type]
    with pytest.raises(Refused, match=r"node\.here"):
        _ = Elsewhere.issuer().public
