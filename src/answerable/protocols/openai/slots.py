# SPDX-License-Identifier: Apache-2.0
"""Where texts stand in the events and objects of the Responses API.

The same text travels several times: in pieces (`*.delta`), whole (`*.done`), inside its part, its item and the finished
response. A `Slot` is one such place; slots with the same key speak of the same text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from answerable.protocols.openai.answers import MAX_VOICES, broken

TEXT: Final = "text"
REFUSAL: Final = "refusal"
REASONING: Final = "reasoning"
SUMMARY: Final = "summary"
CALL: Final = "call"

Key = tuple[str, int, int]  # kind, output_index, index of the part


class Slot(NamedTuple):
    """text stands at `holder[member]`; whole: False for a piece of it; name, id: of a tool call, where they stand."""

    key: Key
    holder: dict[str, Any]
    member: str
    text: str
    whole: bool = True
    id: str = ""
    name: str = ""


# type of the event -> (kind, member that holds the text, member that holds the index of the part, whole)
_EVENTS: Final[dict[str, tuple[str, str, str, bool]]] = {
    "response.output_text.delta": (TEXT, "delta", "content_index", False),
    "response.output_text.done": (TEXT, "text", "content_index", True),
    "response.refusal.delta": (REFUSAL, "delta", "content_index", False),
    "response.refusal.done": (REFUSAL, "refusal", "content_index", True),
    "response.reasoning_text.delta": (REASONING, "delta", "content_index", False),
    "response.reasoning_text.done": (REASONING, "text", "content_index", True),
    "response.reasoning_summary_text.delta": (SUMMARY, "delta", "summary_index", False),
    "response.reasoning_summary_text.done": (SUMMARY, "text", "summary_index", True),
    "response.function_call_arguments.delta": (CALL, "delta", "", False),
    "response.function_call_arguments.done": (CALL, "arguments", "", True),
    "response.custom_tool_call_input.delta": (CALL, "delta", "", False),
    "response.custom_tool_call_input.done": (CALL, "input", "", True),
    "response.mcp_call_arguments.delta": (CALL, "delta", "", False),
    "response.mcp_call_arguments.done": (CALL, "arguments", "", True),
    "response.code_interpreter_call_code.delta": (CALL, "delta", "", False),
    "response.code_interpreter_call_code.done": (CALL, "code", "", True),
}
_PARTS: Final = {"output_text": (TEXT, "text"), "refusal": (REFUSAL, "refusal"), "reasoning_text": (REASONING, "text")}
PLACES: Final = frozenset({"response", "item", "part", "output"})
# Members that hold no text of the answer, that repeat the request, or whose text is a slot's.
_EVENT: Final = PLACES | {
    "type", "sequence_number", "item_id", "output_index", "content_index", "summary_index", "annotation_index",
    "response_id", "obfuscation", "partial_image_index",
}  # fmt: skip
_KNOWN: Final = {kind: _EVENT | {member} for kind, (_, member, _, _) in _EVENTS.items()}
DELTA: Final = _KNOWN["response.output_text.delta"]
_RESPONSE: Final = frozenset(
    {
        "id", "object", "created_at", "completed_at", "status", "model", "output", "usage", "background", "billing",
        "conversation", "instructions", "max_output_tokens", "max_tool_calls", "metadata", "parallel_tool_calls",
        "previous_response_id", "prompt", "prompt_cache_key", "prompt_cache_retention", "reasoning",
        "safety_identifier", "service_tier", "store", "temperature", "text", "tool_choice", "tools", "top_logprobs",
        "top_p", "truncation", "user",
    }
)  # fmt: skip
_ITEM: Final = frozenset({"id", "type", "status", "role", "content", "summary", "call_id", "phase"})
_TYPE: Final = frozenset({"type"})
_SUMMARY: Final = _TYPE | {"text"}
_CALLS: Final = {
    "function_call": "arguments",
    "custom_tool_call": "input",
    "mcp_call": "arguments",
    "code_interpreter_call": "code",
}


def slots(body: dict[str, Any]) -> list[Slot]:
    """The slots of an event, or of a whole response. Raises Unavailable ``upstream.broken`` for texts and indices that
    are none; parts and items of kinds that we do not know hold no slot."""
    found: list[Slot] = []
    kind = body.get("type")
    if isinstance(kind, str) and (event := _EVENTS.get(kind)) is not None:
        name, member, index, whole = event
        key = (name, _index(body, "output_index"), _index(body, index) if index else 0)
        found.append(Slot(key, body, member, _text(body, member), whole))
        if body.keys().isdisjoint(PLACES):
            return found
    # Every place is looked at, whatever the type says: nothing passes unseen because it stands where it should not.
    if isinstance(response := body.get("response"), dict):
        found.extend(_output(response))
    if isinstance(item := body.get("item"), dict):
        found.extend(_item(item, _index(body, "output_index")))
    if isinstance(part := body.get("part"), dict):
        if "summary_index" in body:
            key = (SUMMARY, _index(body, "output_index"), _index(body, "summary_index"))
            found.append(Slot(key, part, "text", _text(part, "text")))
        else:
            found.extend(_part(part, _index(body, "output_index"), _index(body, "content_index")))
    if "output" in body:
        found.extend(_output(body))
    return found


def others(body: dict[str, Any]) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """The objects of an event, or of a whole response, each with those of its members that need no more watching. To be
    asked after `slots`, which refuses lists that are none."""
    kind = body.get("type")
    yield body, _KNOWN.get(kind, _EVENT) if isinstance(kind, str) else _RESPONSE
    items: list[Any] = list(_list(body, "output"))
    if "response" in body:
        response = body["response"]
        if isinstance(response, dict):
            yield response, _RESPONSE
            items += _list(response, "output")
        else:
            yield {"response": response}, frozenset()
    if "item" in body:
        items.append(body["item"])
    for item in items:
        if not isinstance(item, dict):
            yield {"item": item}, frozenset()
            continue
        called = _CALLS.get(item["type"]) if isinstance(item.get("type"), str) else None
        yield item, _ITEM | {called} if called else _ITEM
        for part in _list(item, "content"):
            yield _other(part)
        for part in _list(item, "summary"):
            yield _other(part, _SUMMARY)
    if "part" in body:
        yield _other(body["part"], _SUMMARY) if "summary_index" in body else _other(body["part"])


def _other(part: Any, known: frozenset[str] = _TYPE) -> tuple[dict[str, Any], frozenset[str]]:
    if not isinstance(part, dict):
        return {"part": part}, frozenset()
    kind = part.get("type")
    slot = _PARTS.get(kind) if known is _TYPE and isinstance(kind, str) else None
    return part, known | {slot[1]} if slot else known


def _output(response: dict[str, Any]) -> Iterator[Slot]:
    output = response.get("output")
    if output is None:
        return
    if not isinstance(output, list) or len(output) > MAX_VOICES:
        raise broken("output is not a list")
    for place, item in enumerate(output):
        if not isinstance(item, dict):
            raise broken("an item is not an object")
        yield from _item(item, place)


def _item(item: dict[str, Any], place: int) -> Iterator[Slot]:
    kind = item.get("type")
    if isinstance(kind, str) and (member := _CALLS.get(kind)) is not None:
        call = item.get("call_id") or item.get("id")
        name = item.get("name") or kind
        yield Slot(
            (CALL, place, 0),
            item,
            member,
            _text(item, member),
            id=call if isinstance(call, str) else "",
            name=name if isinstance(name, str) else "",
        )
    for index, part in enumerate(_list(item, "content")):
        yield from _part(part, place, index)
    for index, part in enumerate(_list(item, "summary")):
        if isinstance(part, dict):
            yield Slot((SUMMARY, place, index), part, "text", _text(part, "text"))


def _part(part: Any, place: int, index: int) -> Iterator[Slot]:
    kind = part.get("type") if isinstance(part, dict) else None
    if isinstance(kind, str) and (known := _PARTS.get(kind)) is not None:
        yield Slot((known[0], place, index), part, known[1], _text(part, known[1]))


def _list(holder: dict[str, Any], member: str) -> list[Any]:
    value = holder.get(member)
    if value is None:
        return []
    # A list that was cut, or another shape that some reader understands, would be sent on unseen.
    if not isinstance(value, list) or len(value) > MAX_VOICES:
        raise broken(f"{member} is not a list")
    return value


def _text(holder: dict[str, Any], member: str) -> str:
    text = holder.get(member)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise broken(f"{member} is not a text")
    return text


def _index(body: dict[str, Any], member: str) -> int:
    index = body.get(member, 0)
    if type(index) is not int or not 0 <= index < MAX_VOICES:
        raise broken(f"{member} is not an index")
    return index
