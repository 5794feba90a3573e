# SPDX-License-Identifier: Apache-2.0
"""A model that says as much as it may, and callers that set no limit: a budget is never overrun, because what was
reserved for an answer is what the model is told. Where no budget counts tokens the request stays the caller's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2 as httpx

from answerable.model.terms import Locality
from tests.small_mcp import Answer, Asked, scripted, whole
from tests.small_nodes import client
from tests.unit.app.test_own_words import serving

MOST = 30_000
ENDLESS = 1_000_000
SAID = {"role": "assistant", "content": "and so on"}
CHAT = {"messages": [{"role": "user", "content": "Go on."}]}


def runaway(asked: Asked) -> Answer:
    """It says as many tokens as it is let, and does not know the members of another endpoint."""
    body = asked.message
    chat, known = "messages" in body, ("max_tokens", "max_completion_tokens")
    names = known if chat else ("max_output_tokens",) if "input" in body else ("max_tokens",)
    used = min([body[name] for name in names if body.get(name, -1) > 0], default=ENDLESS)
    told = {"prompt_tokens": 10, "completion_tokens": used, "total_tokens": 10 + used}
    answer: dict[str, Any] = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "usage": told}
    choice = {"message": SAID} if chat else {"text": "and so on"}
    answer["choices"] = [{"index": 0, "finish_reason": "length", **choice}]
    if "input" in body:
        part = {"type": "output_text", "text": "and so on", "annotations": []}
        said = {"type": "message", "id": "m1", "status": "completed", "role": "assistant", "content": [part]}
        told = {"input_tokens": 10, "output_tokens": used, "total_tokens": 10 + used}
        answer = {"id": "r", "object": "response", "created_at": 1, "status": "incomplete", "model": "m"}
        answer |= {"output": [said], "usage": told}
    return whole(json.dumps(answer).encode())


async def test_a_budget_is_not_overrun_by_who_sets_no_limit(tmp_path: Path) -> None:
    async with scripted(on={"POST": runaway}) as there:
        upstream = {"url": there.url.removesuffix("/mcp") + "/v1", "system": "One", "model": "m"}
        flags: dict[str, Any] = {f"upstreams__one__{name}": value for name, value in upstream.items()}
        flags["upstreams__one__locality"] = Locality.LOCAL.value
        names = ("poor", "talker", "writer", "endless")
        limits = [{"meter": "tokens", "most": MOST, "system": name} for name in names]
        limits.append({"meter": "calls", "most": 5, "system": "counted"})
        async with serving(tmp_path, "One", budgets=limits, **flags) as control:
            keys = {name: (await client(control, name))[1] for name in (*names, "counted", "free")}
            budgets = control.service._spending.budgets

            async def ask(who: str, path: str, **body: Any) -> httpx.Response:
                async with httpx.AsyncClient(timeout=20) as asking:
                    head = {"authorization": f"Bearer {keys[who]}"}
                    return await asking.post(f"{control.gateway}/{path}", json={"model": "One", **body}, headers=head)

            def used(who: str) -> int:
                now = control.core.now
                return sum(each.used + each.reserved for each in budgets.standing(now) if each.budget.system == who)

            async def until_spent(who: str, path: str, **body: Any) -> list[dict[str, Any]]:
                """What came to the model until the budget was used up, which was not overrun."""
                before = len(there.asked)
                for _ in range(10):
                    answer = await ask(who, path, **body)
                    assert used(who) <= MOST
                    if answer.status_code != 200:
                        assert answer.json()["error"]["code"] == "budget.spent"
                        return [each.message for each in there.asked[before:]]
                raise AssertionError("it was never used up")

            sent = await until_spent("poor", "chat/completions", **CHAT)
            assert {each["max_tokens"] for each in sent} == {8_192}
            assert len(sent) == 3
            sent = await until_spent("endless", "chat/completions", **CHAT, max_tokens=-1, n_predict=-1)
            assert {(each["max_tokens"], each["n_predict"]) for each in sent} == {(8_192, 8_192)}
            sent = await until_spent("talker", "responses", input="Go on.")
            assert {each["max_output_tokens"] for each in sent} == {8_192}
            assert all("max_tokens" not in each for each in sent)
            sent = await until_spent("writer", "completions", prompt="Go on.", max_completion_tokens=9_000)
            assert {each["max_tokens"] for each in sent} == {9_000}
            for who in ("counted", "free"):
                assert (await ask(who, "chat/completions", **CHAT, max_tokens=-1)).status_code == 200
                assert there.asked[-1].message["max_tokens"] == -1, "nobody counts its tokens"
                assert (await ask(who, "chat/completions", **CHAT)).status_code == 200
                assert "max_tokens" not in there.asked[-1].message
