# SPDX-License-Identifier: Apache-2.0
import json
from typing import Any

import answerable
from answerable.errors import Refused
from answerable.protocols.mcp import replies
from answerable.protocols.mcp.message import Message
from answerable.protocols.mcp.revisions import Revision

MODERN = Message(id=7)
OLD = Message(revision=Revision.SESSIONS, id="q")


def said(data: bytes) -> Any:
    body = json.loads(data)
    assert body.pop("jsonrpc") == "2.0"
    return body


def test_a_result_has_what_its_revision_asks() -> None:
    assert said(replies.result(OLD, {"a": 1})) == {"id": "q", "result": {"a": 1}}
    body = said(replies.result(MODERN, {"a": 1, "_meta": {"x": 2}}))
    assert body["id"] == 7
    assert body["result"]["resultType"] == "complete"
    assert body["result"]["_meta"]["x"] == 2
    assert body["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["version"] == answerable.__version__


def test_an_error_without_an_id_has_none() -> None:
    assert "id" not in said(replies.error(Message(), Refused("mcp.session"), "en"))
    assert said(replies.error(MODERN, Refused("mcp.session"), "en"))["id"] == 7


def test_a_refused_call_says_why_and_what_to_do() -> None:
    refusal = Refused("policy.refused", rule="R001", why="tier")
    body = said(replies.refused(OLD, refusal, "en", "r" * 32))["result"]
    assert body["isError"] is True
    assert body["content"][0]["text"] == f"policy.refused: {refusal.reason()} {refusal.remedy()}"
    assert body["_meta"]["answerable/record"] == "r" * 32
    assert body["_meta"]["answerable/error"]["code"] == "policy.refused"
    assert body["structuredContent"]["answerable"]["state"] == "refused"
    assert "拒绝" in said(replies.refused(OLD, refusal, "zh", ""))["result"]["content"][0]["text"]


def test_the_handshake_names_its_one_revision_and_tools_alone() -> None:
    body = said(replies.initialized(OLD, "desk"))["result"]
    assert body["protocolVersion"] == "2025-11-25"
    assert body["capabilities"] == {"tools": {"listChanged": False}}
    assert body["serverInfo"]["name"] == "answerable"


def test_discovery_names_both_revisions() -> None:
    body = said(replies.discovered(MODERN, "desk"))["result"]
    assert body["supportedVersions"] == ["2026-07-28", "2025-11-25"]
    assert body["capabilities"] == {"tools": {"listChanged": False}}
    assert (body["cacheScope"], body["ttlMs"] > 0) == ("private", True)


def test_a_list_is_its_callers_alone() -> None:
    body = said(replies.listed(MODERN, [{"name": "a"}], ""))["result"]
    assert body["cacheScope"] == "private"
    assert "nextCursor" not in body
    assert said(replies.listed(OLD, [], "a"))["result"]["nextCursor"] == "a"
