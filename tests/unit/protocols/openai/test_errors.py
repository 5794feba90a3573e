# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.protocols.openai.errors import answer, error, event
from tests.openai_wire import RID


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (Refused("request.missing", param="model"), "invalid_request_error"),
        (Refused("warrant.expired"), "authentication_error"),
        (Refused("stop.system", order="x"), "permission_error"),
        (Refused("request.not_found"), "not_found_error"),
        (Unavailable("upstream.truncated"), "server_error"),
    ],
)
def test_types_are_those_of_openai(raised: AnswerableError, kind: str) -> None:
    assert error(raised)["type"] == kind


def test_the_shape() -> None:
    body = json.loads(answer(Refused("request.missing", param="messages"), RID))["error"]
    assert list(body)[:4] == ["message", "type", "param", "code"]
    assert (body["param"], body["code"]) == ("messages", "request.missing")
    assert body["answerable"] == {"record": RID}
    assert "messages" in body["zh"]["reason"]
    assert "answerable" not in error(Refused("request.not_found"))


def test_events_that_end_a_stream() -> None:
    raised = Refused("stop.system", order="x")
    chat = event(raised, "/v1/chat/completions", RID)
    assert chat.startswith(b'data: {"error":')
    responses = event(raised, "/v1/responses")
    assert responses.startswith(b"event: error\ndata: ")
    body = json.loads(responses.partition(b"data: ")[2])
    assert body["type"] == "error"
    assert body["code"] == body["error"]["code"] == "stop.system"


def test_words_that_were_put_together_before_say_what_is_asked_now() -> None:
    one, other = Refused("stop.system", order="a" * 32), Refused("stop.system", order="b" * 32)
    first = error(one, "record")
    first["message"] = "changed by its reader"
    assert error(one)["message"] == one.as_dict()["message"]
    assert "answerable" not in error(one)
    assert error(other)["params"] == {"order": "b" * 32}
    unhashable = Refused("stop.system", order=["c"])
    assert error(unhashable)["code"] == "stop.system"
