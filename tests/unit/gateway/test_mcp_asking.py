# SPDX-License-Identifier: Apache-2.0
import asyncio
import json
from typing import Any

import pytest

from answerable.gateway import mcp_asking
from answerable.gateway.mcp_asking import Asking
from tests.unit.gateway.posted import Request


async def begun(request: Request) -> str:
    """The id of the question, once it was put."""
    for _ in range(100):
        await asyncio.sleep(0)
        if request.started:
            break
    event = request.sent[0]
    assert event.startswith(b"data: ")
    asked: dict[str, Any] = json.loads(event[6:])
    assert (asked["method"], asked["params"]) == ("elicitation/create", {"message": "?"})
    return str(asked["id"])


async def test_an_answer_of_the_same_caller_ends_the_wait() -> None:
    asking, request = Asking(), Request()
    task = asyncio.create_task(asking.ask(request, "copy", {"message": "?"}, (b"x-answerable-record: r",)))  # type: ignore[arg-type]
    question = await begun(request)
    assert request.field("content-type") == "text/event-stream"
    assert request.field("x-answerable-record") == "r"
    for copy, which in (("other", question), ("copy", "another"), ("copy", 3), ("copy", None)):
        asking.answered(copy, which)
        await asyncio.sleep(0)
        assert not task.done()
    asking.answered("copy", question)
    asking.answered("copy", question)
    await asyncio.wait_for(task, 1)
    asking.answered("copy", question)
    assert not asking._waiting


async def test_a_client_that_leaves_and_people_who_do_not_answer_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asking, request = Asking(), Request()
    task = asyncio.create_task(asking.ask(request, "copy", {"message": "?"}, ()))  # type: ignore[arg-type]
    await begun(request)
    request.over.set()
    await asyncio.wait_for(task, 1)
    monkeypatch.setattr(mcp_asking, "ASK_S", 0.01)
    await asyncio.wait_for(asking.ask(Request(), "copy", {"message": "?"}, ()), 1)  # type: ignore[arg-type]
    assert not asking._waiting


async def test_questions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_asking, "MAX_ASKED", 1)
    asking, request = Asking(), Request()
    assert not asking.full
    task = asyncio.create_task(asking.ask(request, "copy", {"message": "?"}, ()))  # type: ignore[arg-type]
    await begun(request)
    assert asking.full
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not asking.full
