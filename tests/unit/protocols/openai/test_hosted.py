# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import Refused
from answerable.protocols.openai.hosted import OWN, check


@pytest.mark.parametrize(
    ("request_", "type_", "param"),
    [
        ({"tools": [{"type": "mcp", "server_url": "https://elsewhere.example"}]}, "mcp", "tools[0]"),
        ({"tools": [{"type": "function"}, {"type": "code_interpreter"}]}, "code_interpreter", "tools[1]"),
        ({"tools": [{"type": "web_search_preview_2025_03_11"}]}, "web_search_preview_2025_03_11", "tools[0]"),
        ({"tools": [{"type": "Function"}]}, "Function", "tools[0]"),
        ({"tools": [{"name": "of no type"}]}, "?", "tools[0]"),
        ({"tools": ["mcp"]}, "?", "tools[0]"),
        ({"tools": [{"type": "m\ncp"}]}, "?", "tools[0]"),
        ({"web_search_options": {}}, "web_search", "web_search_options"),
        ({"search_parameters": {"mode": "on"}}, "web_search", "search_parameters"),
        ({"plugins": [{"id": "web"}]}, "plugins", "plugins"),
    ],
)
def test_what_goes_round_the_gate_is_refused(request_: dict[str, Any], type_: str, param: str) -> None:
    with pytest.raises(Refused) as caught:
        check(request_)
    assert caught.value.code == "tool.hosted"
    assert caught.value.params == {"type": type_, "param": param}
    if type_ != "?":
        check(request_, {type_})  # the operator's own choice


def test_what_the_client_does_itself_is_its_own_matter() -> None:
    check({"tools": [{"type": type_} for type_ in sorted(OWN)]})
    check({"tools": [{"function": {"name": "f"}}]})
    for nothing in ({}, {"tools": None}, {"tools": []}, {"web_search_options": None}):
        check(nothing)
