# SPDX-License-Identifier: Apache-2.0
import json
from typing import Any

import pytest

from answerable.errors import Refused
from answerable.protocols.mcp import held
from answerable.protocols.mcp.message import NAME, Message
from answerable.protocols.mcp.revisions import Revision
from answerable.protocols.mcp.sessions import Able

RID = "a" * 32
HELD = Refused("action.held", hold=RID, needed=2, have=1, expires=1_790_000_000_000, rule="R", why="w")
PAGE = "https://desk.example/{hold}"
URL = held.where(PAGE, HELD)


def result(data: bytes) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(data)["result"]
    return body


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_call_that_waits_is_a_normal_result_with_an_id(language: str) -> None:
    body = result(held.pending(Message(id=1), HELD, language, "r" * 32, URL))
    assert body["isError"] is False
    text = body["content"][0]["text"]
    for part in (RID, URL, "1", "2", "answerable_result", "2026-09-21 14:13 UTC"):
        assert part in text
    said = body["structuredContent"]["answerable"]
    assert said.pop("message") == text, "some agents show their model this member alone"
    assert said == body["_meta"]["answerable/hold"]
    assert (said["state"], said["hold"], said["needed"], said["have"], said["url"]) == ("pending", RID, 2, 1, URL)
    assert said["fetch"] == {"tool": "answerable_result", "arguments": {"id": RID}}
    assert body["_meta"]["answerable/record"] == "r" * 32


def test_the_tool_that_asks_takes_an_id_and_nothing_else() -> None:
    assert NAME.fullmatch(held.definition()["name"])
    assert held.asked({"id": RID}) == RID
    for arguments in ({}, {"id": RID, "x": 1}, {"id": "x"}, {"id": 3}, {"ID": RID}):
        assert held.asked(arguments) == ""


def test_people_are_asked_as_their_client_can() -> None:
    form = held.question(HELD, "en", URL, Able(form=True))
    assert (form["mode"], form["requestedSchema"]) == ("form", {"type": "object", "properties": {}})
    page = held.question(HELD, "en", URL, Able(form=True, url=True))
    assert (page["mode"], page["url"], page["elicitationId"]) == ("url", URL, RID)
    assert held.question(HELD, "en", "http://127.0.0.1/x", Able(url=True))["mode"] == "form"


def test_the_newer_revision_asks_for_input() -> None:
    body = result(held.input_required(Message(id=1), HELD, "en", URL, Able(url=True)))
    assert (body["resultType"], body["requestState"]) == ("input_required", RID)
    (asked,) = body["inputRequests"].values()
    assert asked["method"] == "elicitation/create"
    assert "elicitationId" not in asked["params"]
    assert Message(id=1).revision is Revision.STATELESS
