# SPDX-License-Identifier: Apache-2.0
"""Texts where nobody expects them. Members that we do not know are passed on, since servers add members all the time;
what stands below them is shown to the detectors like everything else that goes out (`docs/spec/content.md`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from answerable.protocols.openai.answers import Weave
from answerable.protocols.openai.voices import Voice

LONG: Final = 32  # a member's name that is longer may be a text itself
REPEATED: Final = 64  # characters from which on a text that comes again is that text again, not the next piece of one
MAX_PATH: Final = 128
# Sound, pictures, signatures. What detectors look for holds other characters too.
_DATA: Final = re.compile(r"[A-Za-z0-9+/]{256,}={0,2}")


def strays(holder: dict[str, Any], known: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(path, text) of what stands below members of `holder` that are not `known`. The path names members alone: the
    texts of one list are one text."""
    if holder.keys() <= known:
        return
    said: dict[str, list[str]] = {}
    todo = [(name, value) for name, value in holder.items() if name not in known]
    todo.reverse()
    for name, _ in todo:
        if len(name) > LONG:
            said.setdefault("", []).append(name)
    while todo:
        path, value = todo.pop()
        if type(value) is str:
            if value and not _DATA.fullmatch(value):
                said.setdefault(path, []).append(value)
        elif type(value) is list:
            todo.extend((path, each) for each in reversed(value))
        elif type(value) is dict:
            for name in reversed(value):
                if len(name) > LONG:
                    said.setdefault(path, []).append(name)
                todo.append((f"{path}.{name}"[:MAX_PATH], value[name]))
    for path, texts in said.items():
        # Tokens of one text, or texts of their own: shown as both.
        yield path, texts[0] if len(texts) == 1 else "\n".join(texts) + "\n" + "".join(texts)


class Overheard:
    """What strays in the pieces of one answer, woven into what detectors see."""

    __slots__ = ("_last", "_weave")

    def __init__(self, weave: Weave) -> None:
        self._weave = weave
        self._last: dict[object, str] = {}

    def hear(self, voice: object, holder: dict[str, Any], known: frozenset[str]) -> str:
        """What is new below the unknown members of `holder`. Raises Unavailable ``upstream.broken`` for more places
        than anyone needs."""
        if holder.keys() <= known:
            return ""
        heard = []
        for path, text in strays(holder, known):
            key = (voice, path)
            if len(text) >= REPEATED:
                if self._last.get(key) == text:  # sources, say, that a server sends with each piece
                    continue
                self._last[key] = text
            heard.append(self._weave.say(key, text))
        return "".join(heard)


# Of chat and text completions: members that hold no text, and those whose text is weighed by itself.
ANSWER: Final = frozenset(
    {"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"}
)
CHOICE: Final = frozenset({"index", "finish_reason", "delta", "message", "text"})
_PART: Final = frozenset(
    {"role", "content", "refusal", "reasoning_content", "reasoning", "tool_calls", "function_call"}
)  # fmt: skip
_CALL: Final = frozenset({"index", "id", "type", "function", "custom"})
_FUNCTION: Final = frozenset({"name", "arguments", "input"})


def beside(overheard: Overheard, answer: dict[str, Any], voice: Voice) -> str:
    """What detectors see of a completion, or of a piece of one, beside what its choices say. It was read before."""
    heard = overheard.hear("answer", answer, ANSWER)
    for choice in answer.get("choices") or ():
        index, part = voice.speaker(choice)
        heard += overheard.hear((index, "choice"), choice, CHOICE)
        if part is choice:
            continue
        heard += overheard.hear((index, "part"), part, _PART)
        for call in part.get("tool_calls") or ():
            heard += overheard.hear((index, "call"), call, _CALL)
            for kind in ("function", "custom"):
                if isinstance(called := call.get(kind), dict):
                    heard += overheard.hear((index, kind), called, _FUNCTION)
    return heard


def beside_whole(answer: dict[str, Any], voice: Voice) -> str:
    """The same of a whole answer, set off from its text."""
    heard = beside(Overheard(Weave()), answer, voice)
    return "\n" + heard if heard else ""
