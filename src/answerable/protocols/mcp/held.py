# SPDX-License-Identifier: Apache-2.0
"""A call that waits for people, as its caller is told: a normal result with an id, never an error, for agents show
their model nothing of an error but that there was one. And the one tool of the gate's own, which asks how it ended.

To ask a client's people (client/elicitation) is another way to show the same; it approves nothing by itself.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from answerable.errors import AnswerableError
from answerable.log.leaf import is_rid
from answerable.protocols.mcp.message import Message
from answerable.protocols.mcp.replies import result
from answerable.protocols.mcp.revisions import HOLD, RECORD
from answerable.protocols.mcp.sessions import Able

RESULT_TOOL: Final = "answerable_result"
SHOWN: Final = "answerable_hold"  # key of what a client is asked about a hold

_TEXTS: Final = {
    "en": (
        "This call waits for people: {have} of {needed} agreed so far. Nothing was done yet. Its id is {hold}. "
        'Ask for its result later with the tool answerable_result {{"id": "{hold}"}}; do not try to get the same done '
        "in another way. How it stands: {url}. If nobody decides before {until}, it is refused."
    ),
    "zh": (
        "此调用须经人员审批：目前 {needed} 人中已有 {have} 人同意，尚未执行任何操作。编号为 {hold}。"
        '请稍后用工具 answerable_result {{"id": "{hold}"}} 查询结果，勿以其他方式完成同一操作。'
        "状态地址：{url}。若 {until} 前无人审批，则视为拒绝。"
    ),
}
_DEFINITION: Final = {
    "name": RESULT_TOOL,
    "title": "Result of a call that waited for people",
    "description": (
        "Some calls of other tools wait until people approve them; they answer with an id. This tool gives the result "
        "of such a call: it runs the call once people agreed to it, and says so if they have not decided yet."
    ),
    "inputSchema": {
        "type": "object",
        "properties": {"id": {"type": "string", "description": "The id that the waiting call answered with."}},
        "required": ["id"],
        "additionalProperties": False,
    },
    "annotations": {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": True, "openWorldHint": True},
}


def definition() -> dict[str, Any]:
    """Of the tool that asks how a held call ended."""
    return dict(_DEFINITION)


def asked(arguments: dict[str, Any]) -> str:
    """The id that such a call asks about, "" if it is none."""
    named = arguments.get("id")
    return named if arguments.keys() == {"id"} and isinstance(named, str) and is_rid(named) else ""


def pending(message: Message, held: AnswerableError, language: str, record: str, url: str) -> bytes:
    """The result of a call that waits. held: ``action.held``; record: rid of what was recorded of it; url: where people
    decide, "" where it is not known."""
    said, text = state(held, url), words(held, language, url)
    body = {
        "content": [{"type": "text", "text": text}],
        # Some agents show their model this member alone.
        "structuredContent": {"answerable": {**said, "message": text}},
        "isError": False,
        "_meta": {HOLD: said, **({RECORD: record} if record else {})},
    }
    return result(message, body)


def where(url: str, held: AnswerableError) -> str:
    """The address of one hold. url: with ``{hold}`` in it."""
    return url.replace("{hold}", str(held.params.get("hold", "")))


def state(held: AnswerableError, url: str) -> dict[str, Any]:
    """What a program wants to know of it; `expires` in ms UTC."""
    params = held.params
    return {
        "state": "pending",
        "hold": params.get("hold", ""),
        "needed": params.get("needed", 1),
        "have": params.get("have", 0),
        "expires": params.get("expires", 0),
        "url": url,
        "fetch": {"tool": RESULT_TOOL, "arguments": {"id": params.get("hold", "")}},
    }


def words(held: AnswerableError, language: str, url: str) -> str:
    """The same for people and models."""
    said = state(held, url)
    expires = said["expires"]
    until = datetime.fromtimestamp(expires // 1000, UTC).strftime("%Y-%m-%d %H:%M UTC") if expires else "-"
    return _TEXTS[language].format(
        have=said["have"], needed=said["needed"], hold=said["hold"], url=url or "-", until=until
    )


def question(held: AnswerableError, language: str, url: str, can: Able) -> dict[str, Any]:
    """What the client shows its people, as the parameters of ``elicitation/create``: where they can look, or a form
    with nothing to fill in. Its answer is not an approval."""
    text = words(held, language, url)
    if can.url and url.startswith("https://"):
        return {"mode": "url", "message": text, "url": url, "elicitationId": str(held.params.get("hold", ""))}
    return {"mode": "form", "message": text, "requestedSchema": {"type": "object", "properties": {}}}


def input_required(message: Message, held: AnswerableError, language: str, url: str, can: Able) -> bytes:
    """The same question as revision 2026-07-28 puts it: the client makes the call again when its people saw it."""
    params = question(held, language, url, can)
    params.pop("elicitationId", None)  # of the older revision
    body = {
        "resultType": "input_required",
        "inputRequests": {SHOWN: {"method": "elicitation/create", "params": params}},
        "requestState": str(held.params.get("hold", "")),
    }
    return result(message, body)
