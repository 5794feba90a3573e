# SPDX-License-Identifier: Apache-2.0
import pytest

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.gateway.mcp_out import ToolAnswer, refuse
from answerable.protocols.mcp.message import Message
from answerable.protocols.mcp.revisions import Revision
from tests.unit.gateway.posted import Request

RID = "r" * 32
URL = "http://here/holds/{hold}"


def out(request: Request, message: Message | None = None, **how: bool) -> ToolAnswer:
    return ToolAnswer(request, message or Message(id=1), "en", URL, **how)  # type: ignore[arg-type]


async def test_an_answer_leaves_whole_with_its_record_and_its_label() -> None:
    request = Request()
    it = out(request)
    it.start(RID, b'{"Label":"1"}')
    await it.send(b'{"a":')
    assert not request.started
    await it.send(b"1}")
    await it.finish(b"")
    assert (request.status, request.json) == (200, {"a": 1})
    assert (request.field("x-answerable-record"), request.field("aigc")) == (RID, '{"Label":"1"}')
    plain = Request()
    it = out(plain)
    it.start(RID, b"")
    await it.finish(b"{}")
    assert plain.field("aigc") == ""


async def test_after_a_question_the_answer_is_an_event() -> None:
    request = Request()
    request.begin(200, ())
    it = out(request)
    it.start(RID, b"")
    await it.send(b"{}")
    await it.finish(b"")
    assert request.sent[-1] == b"data: {}\n\n"


async def test_a_call_that_waits_is_told_or_left_to_be_asked() -> None:
    held = Refused("action.held", hold="h" * 32, needed=1, have=0, expires=0)
    request = Request()
    await out(request).fail(held, RID)
    said = request.json["result"]["structuredContent"]["answerable"]
    assert (request.status, said["url"]) == (200, f"http://here/holds/{'h' * 32}")
    asks = Request()
    it = out(asks, asks=True)
    await it.fail(held, RID)
    assert it.waits == (held, RID)
    assert not asks.started


@pytest.mark.parametrize(
    ("error", "revision", "status"),
    [
        (Refused("policy.refused", rule="R", why="w"), Revision.STATELESS, 200),
        (Unavailable("upstream.timeout"), Revision.SESSIONS, 200),
        (Refused("mcp.mismatch", header="h", expected="e"), Revision.SESSIONS, 400),
        (Refused("warrant.expired"), Revision.STATELESS, 401),
    ],
)
async def test_refusals(error: AnswerableError, revision: Revision, status: int) -> None:
    request = Request()
    await out(request, Message(revision, id=1), shown=True).fail(error, RID)
    assert request.status == status
    assert request.field("x-answerable-record") == RID
    assert request.keep
    body = request.json
    assert ("error" in body) == (status != 200)
    assert ('error="invalid_token"' in request.field("www-authenticate")) == (status == 401)


async def test_a_defect_is_told_by_its_incident_alone() -> None:
    request = Request()
    await out(request).fail(ValueError("secret"), RID)
    assert request.json["error"]["code"] == -32603
    assert b"secret" not in b"".join(request.sent)


async def test_whoever_has_no_record_is_hung_up_on() -> None:
    request = Request()
    refuse(request, Message(), Refused("warrant.missing"), "en")  # type: ignore[arg-type]
    assert not request.keep
    assert request.field("www-authenticate") == 'Bearer realm="answerable"'
    assert "id" not in request.json
