# SPDX-License-Identifier: Apache-2.0
"""What one choice of a chat or text completion says: read once, strictly, for detectors, transcript and label alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from answerable.protocols.openai.answers import MAX_VOICES, broken

TEXT, REFUSAL, REASONING, CALL = "text", "refusal", "reasoning", "call"


# The members by which a choice says anything but its text.
_SPEAKS = frozenset({"reasoning_content", "reasoning", "refusal", "tool_calls", "function_call"})


class Utterance(NamedTuple):
    """kind: TEXT, REFUSAL, REASONING or CALL; call, id, name: of a tool call, name in pieces or whole."""

    kind: str
    text: str
    call: int = 0
    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """part: the member of a choice that speaks, "" for the choice itself; text: its member with the text; others:
    members that speak in answers of another form; plain: all members of a choice that says a text and nothing else."""

    part: str
    text: str
    others: tuple[str, ...]
    plain: frozenset[str]

    def alone(self, choice: dict[str, Any]) -> None:
        """Take out, in place, what would speak beside this voice: a reader who listens there would get a text that
        nobody watched, labelled or recorded."""
        for other in self.others:
            choice.pop(other, None)

    def speaker(self, choice: Any) -> tuple[int, dict[str, Any]]:
        """(index, the object that speaks) of a choice. Raises Unavailable ``upstream.broken``."""
        if not isinstance(choice, dict):
            raise broken("a choice is not an object")
        index = choice.get("index", 0)
        if type(index) is not int or not 0 <= index < MAX_VOICES:
            raise broken("a choice without index")
        if not self.part:
            return index, choice
        part = choice.get(self.part)
        if part is None:
            return index, {}
        if not isinstance(part, dict):
            raise broken(f"{self.part} is not an object")
        return index, part

    def part_of(self, answer: dict[str, Any]) -> dict[str, Any]:
        """What speaks in an answer with one choice, which was read before."""
        choice: dict[str, Any] = answer["choices"][0]
        part: dict[str, Any] = choice[self.part] if self.part else choice
        return part

    def text_alone(self, part: dict[str, Any]) -> str:
        """What `part` says if that is a text and nothing else; "" for everything else."""
        if _SPEAKS.isdisjoint(part):  # nearly every answer
            text = part.get(self.text)
            if type(text) is str:
                return text
        return ""

    def utterances(self, part: dict[str, Any]) -> list[Utterance]:
        """All that `part` says. Raises Unavailable ``upstream.broken`` for texts that are not texts."""
        if text := self.text_alone(part):
            return [Utterance(TEXT, text)]
        said: list[Utterance] = []
        # Reasoning comes before the answer when both stand in one piece. The two names are two vendors' habits; where
        # both stand, they repeat each other.
        reasoning, again = _text(part, "reasoning_content"), _text(part, "reasoning")
        if reasoning and again and reasoning != again:
            raise broken("two different reasonings")
        if reasoning := reasoning or again:
            said.append(Utterance(REASONING, reasoning))
        if text := _text(part, self.text):
            said.append(Utterance(TEXT, text))
        if refusal := _text(part, "refusal"):
            said.append(Utterance(REFUSAL, refusal))
        calls = part.get("tool_calls")
        if calls is not None:
            if not isinstance(calls, list):
                raise broken("tool_calls is not a list")
            said.extend(_call(call, place) for place, call in enumerate(calls))
        function = part.get("function_call")
        if function is not None:
            said.append(_call({"function": function}, 0))
        return said


_CHOICE = frozenset({"index", "finish_reason"})
CHUNK = Voice("delta", "content", ("message", "text"), _CHOICE | {"delta"})
MESSAGE = Voice("message", "content", ("delta", "text"), _CHOICE | {"message"})
COMPLETION = Voice("", "text", ("delta", "message"), _CHOICE | {"text"})


def _text(part: dict[str, Any], key: str) -> str:
    text = part.get(key)
    if text is None:
        return ""
    if type(text) is not str:
        raise broken(f"{key} is not a text")
    return text


def _call(call: Any, place: int) -> Utterance:
    """A tool call or a piece of one: a function with its arguments, or a custom tool with its input."""
    if not isinstance(call, dict):
        raise broken("a tool call is not an object")
    index = call.get("index", place)
    if type(index) is not int or not 0 <= index < MAX_VOICES:
        raise broken("a tool call without index")
    custom = call.get("custom")
    if custom is not None and call.get("function"):
        raise broken("a tool call of two kinds")
    body = call.get("function") if custom is None else custom
    if body is None:
        body = {}
    if not isinstance(body, dict):
        raise broken("a tool call without function")
    return Utterance(
        CALL,
        _text(body, "arguments" if custom is None else "input"),
        index,
        _text(call, "id"),
        _text(body, "name"),
    )
