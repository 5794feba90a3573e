# SPDX-License-Identifier: Apache-2.0
import json
from typing import Any

import pytest

from answerable.errors import VerificationError
from answerable.formats.mcp_result import McpResult
from answerable.model.terms import Act
from answerable.protocols.mcp.dialect import ToolCall, request_of
from answerable.protocols.mcp.message import Message
from answerable.protocols.mcp.results import piece
from answerable.protocols.mcp.revisions import Revision


def dialect(message: Message | None = None) -> ToolCall:
    return ToolCall(message or Message(revision=Revision.SESSIONS, id=1), McpResult())


def result(text: str = "done") -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "_meta": {}}


def test_what_is_sent_is_the_one_text_of_what_was_judged() -> None:
    made = dialect()
    assert (made.act, made.path) == (Act.TOOL_CALL, "tools/call")
    one = made.prepare(request_of("pay", {"b": 1.0, "a": "\u00e9"}), "ignored", stream=False)
    other = made.prepare({"name": "pay", "arguments": {"a": "é", "b": 1}}, "ignored", stream=False)
    assert one == other == '{"arguments":{"a":"é","b":1},"name":"pay"}'.encode()
    with pytest.raises(VerificationError):
        made.prepare(request_of("pay", {"a": float("inf")}), "x", stream=False)


def test_what_was_written_once_is_not_written_again_and_what_people_changed_is() -> None:
    asked = request_of("pay", {"amount": 1})
    made = ToolCall(Message(id=1), McpResult(), (asked, b"as it was committed to"))
    assert made.prepare(asked, "x", stream=False) == b"as it was committed to"
    changed = request_of("pay", {"amount": 2})
    assert made.prepare(changed, "x", stream=False) == b'{"arguments":{"amount":2},"name":"pay"}'


def test_the_answer_names_its_record() -> None:
    made, chunk = dialect(), piece(result())
    made.stamp(chunk, "r" * 32, "desk")
    body = json.loads(made.encode(chunk, stream=False))
    assert (body["id"], body["result"]["_meta"]) == (1, {"answerable/record": "r" * 32})
    assert made.trailer(stream=False) == b""


def test_the_same_answer_can_be_given_again_to_a_client_of_another_revision() -> None:
    made, chunk, said = dialect(), piece(result("42 €")), dialect().content()
    assert said.body() == b""
    made.stamp(chunk, "r" * 32, "desk")
    said.add(chunk)
    kept = said.body()
    assert kept == b'{"_meta":{"answerable/record":"%s"},"content":[{"text":"42 \xe2\x82\xac","type":"text"}]}' % (
        b"r" * 32
    )
    assert json.loads(made.replay(kept)) == json.loads(made.encode(chunk, stream=False))
    other = json.loads(dialect(Message(id="z")).replay(kept))
    assert (other["id"], other["result"]["resultType"], other["result"]["content"]) == (
        "z", "complete", chunk.body["content"],
    )  # fmt: skip


def test_the_texts_are_what_people_copy() -> None:
    said = dialect().content()
    assert said.texts() == ()
    said.add(
        piece(
            {
                "content": [
                    {"type": "text", "text": "one"},
                    {"type": "resource", "resource": {"uri": "x:", "text": "two"}},
                    {"type": "resource", "resource": {"uri": "x:", "blob": "YQ=="}},
                    {"type": "resource_link", "uri": "x:"},
                ],
                "_meta": {},
            }
        )
    )
    assert said.texts() == ("one", "two")
