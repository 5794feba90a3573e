# SPDX-License-Identifier: Apache-2.0
"""Answers, and pieces of them, with one choice that says a text and nothing else: nearly all of them.

That nothing else stands there is seen by the names of their members; what it says is then found without looking through
everything again, by detectors, label and transcript alike. Whatever is not so plain takes the long way (`choices`).
"""

from __future__ import annotations

from typing import Any, Final

from answerable.model.actions import Chunk
from answerable.protocols.openai.answers import MAX_VOICES, usage
from answerable.protocols.openai.strays import ANSWER, LONG
from answerable.protocols.openai.voices import Voice

# Of the object that speaks: who speaks is no text of the answer.
_SPEAKER: Final = frozenset({"role", "content"})
# An empty list in the place of one of these is no text, and so no answer in this protocol.
_TEXTS: Final = frozenset({"refusal", "reasoning_content", "reasoning", "function_call"})


class Plain(Chunk):
    """index: of the choice; `part[key]` is its text, where there is one; ends: whether the choice ends with it."""

    __slots__ = ("ends", "index", "key", "part")

    def __init__(self, body: dict[str, Any], index: int, part: dict[str, Any], key: str, ends: bool) -> None:
        self.body = body
        self.text = part.get(key) or ""
        self.event = ""
        self.usage = None
        self.last = False
        self.index = index
        self.part = part
        self.key = key
        self.ends = ends


def plain(answer: dict[str, Any], voice: Voice) -> Plain | None:
    """The piece, if it is plain. Raises Unavailable ``upstream.broken`` for a usage that is none."""
    choices = answer.get("choices")
    if type(choices) is not list or len(choices) != 1 or not answer.keys() <= ANSWER:
        return None
    choice = choices[0]
    if type(choice) is not dict:
        return None
    index = choice.get("index", 0)
    if type(index) is not int or not 0 <= index < MAX_VOICES:
        return None
    key = voice.text
    if voice.part:
        part = choice.get(voice.part)
        if type(part) is not dict or not (part.keys() <= _SPEAKER or _empty_beside(part, _SPEAKER)):
            return None
    else:
        part = choice
    if not choice.keys() <= voice.plain and not (
        choice.keys().isdisjoint(voice.others) and _empty_beside(choice, voice.plain)
    ):
        return None
    text = part.get(key)
    if text is not None and type(text) is not str:
        return None
    made = Plain(answer, index, part, key, choice.get("finish_reason") is not None)
    spent = answer.get("usage")
    if spent is not None:
        made.usage = usage(spent, "prompt_tokens", "completion_tokens")
    return made


def _empty_beside(holder: dict[str, Any], known: frozenset[str]) -> bool:
    """Whether all members but the `known` say nothing."""
    for name, value in holder.items():
        if name in known:
            continue
        if len(name) > LONG or (value is not None and (value != [] or name in _TEXTS)):
            return False
    return True
