# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from answerable.errors import Refused
from answerable.protocols.mcp.mirrored import check, mirrored, written

SQL = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "limit": {"type": "integer", "x-mcp-header": "Limit"},
        "at": {"type": "object", "properties": {"dry": {"type": "boolean", "x-mcp-header": "Dry-Run"}}},
        "query": {"type": "string"},
    },
}


def test_the_arguments_that_stand_in_headers() -> None:
    which = mirrored(SQL)
    assert set(which) == {("region", ("region",)), ("limit", ("limit",)), ("dry-run", ("at", "dry"))}
    arguments = {"region": "us-west1", "limit": 7, "at": {"dry": True}, "query": "x"}
    assert written(which, arguments) == {"region": "us-west1", "limit": "7", "dry-run": "true"}
    assert written(which, {"region": None}) == {}
    assert mirrored({}) == ()


@pytest.mark.parametrize(
    "part",
    [
        {"type": "string", "x-mcp-header": ""},
        {"type": "string", "x-mcp-header": "a b"},
        {"type": "string", "x-mcp-header": "a\r\nb"},
        {"type": "number", "x-mcp-header": "A"},
        {"type": "object", "x-mcp-header": "A"},
        {"type": ["string", "null"], "x-mcp-header": "A"},
        {"type": {}, "x-mcp-header": "A"},
        {"x-mcp-header": "A"},
        {"type": "string", "x-mcp-header": 3},
        {"type": "string", "x-mcp-header": "REGION"},
    ],
)
def test_an_annotation_that_breaks_a_rule_is_found(part: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="x-mcp-header"):
        mirrored({"properties": {"region": {"type": "string", "x-mcp-header": "Region"}, "other": part}})


def test_head_and_arguments_agree_or_the_call_is_refused() -> None:
    which = mirrored(SQL)
    check(which, {"region": "eu", "limit": 42}, {"region": "eu", "limit": "42.0", "foreign": "x"})
    check(which, {"query": "x"}, {})
    for arguments, params in (
        ({"region": "eu"}, {"region": "us"}),
        ({"region": "eu"}, {}),
        ({}, {"region": "eu"}),
        ({"region": None}, {"region": "eu"}),
        ({"region": ["eu"]}, {"region": "eu"}),
        ({"limit": 42}, {"limit": "43"}),
        ({"at": {"dry": True}}, {"dry-run": "false"}),
        ({"at": "x"}, {"dry-run": "true"}),
    ):
        with pytest.raises(Refused) as caught:
            check(which, arguments, params)
        assert caught.value.code == "mcp.mismatch"
