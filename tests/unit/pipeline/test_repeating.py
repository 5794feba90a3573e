# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.formats.mcp_result import McpResult
from answerable.pipeline.carry import carry
from answerable.pipeline.repeating import repeat
from answerable.protocols.mcp.dialect import ToolCall
from answerable.protocols.mcp.message import Message
from answerable.tools.calls import Answered
from tests.unit.pipeline.scripted import CHAT, Recorder
from tests.unit.pipeline.tooled import ToolStage, said


async def test_what_is_told_again_names_its_own_record_and_answers_this_request() -> None:
    stage = ToolStage(carry)
    ran = await stage.call()
    content = stage.held.payloads[stage.ledger.units[-1].payloads[0].rid, "out"][1]
    out = Recorder()
    await repeat(Answered(ran.record, content), ToolCall(Message(id="another id"), McpResult()), out)
    assert (out.record, out.aigc, out.finished) == (ran.record, b"", True)
    assert b'"another id"' in out.data
    assert said(out) == said(ran)


async def test_an_answer_of_another_form_is_not_made_up() -> None:
    out = Recorder()
    with pytest.raises(Refused) as caught:
        await repeat(Answered("r" * 32, b"{}"), CHAT, out)
    assert caught.value.code == "call.done"
    assert out.data == b""
