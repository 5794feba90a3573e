# SPDX-License-Identifier: Apache-2.0
"""Texts where nobody expects them. Members that we do not know are passed on, since servers add members all the time;
what stands below them is shown to the detectors like everything else that goes out (`docs/spec/content.md`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from answerable.model.actions import Bearing, Chunk
from answerable.model.media import Coding, Medium
from answerable.protocols.openai.answers import Weave
from answerable.protocols.openai.voices import Voice

LONG: Final = 32  # a member's name that is longer may be a text itself
REPEATED: Final = 64  # characters from which on a text that comes again is that text again, not the next piece of one
MAX_PATH: Final = 128
# Sound, pictures, signatures. What detectors look for holds other characters too.
_DATA: Final = re.compile(r"[A-Za-z0-9+/]{256,}={0,2}")
_URL: Final = re.compile(r"data:([A-Za-z]{1,32})/[A-Za-z0-9.+;=_-]{1,128};base64,([A-Za-z0-9+/]*={0,2})")
_SEEN: Final = frozenset({"image", "audio", "video"})
LEAST_DATA: Final = 64
# Where chat answers speak and responses show a picture on its way: nothing else may stand there, however short.
MUST: Final = {"audio.data": "audio/", "partial_image_b64": "image/"}
_RESULT: Final = "result"
_LOOKED_AT: Final = frozenset({*MUST, _RESULT})


def strays(
    holder: dict[str, Any], known: frozenset[str], media: list[Medium] | None = None
) -> Iterator[tuple[str, str]]:
    """(path, text) of what stands below members of `holder` that are not `known`. The path names members alone: the
    texts of one list are one text. media: gets what may be pictures, sound or files."""
    if holder.keys() <= known:
        return
    said: dict[str, list[str]] = {}
    todo: list[tuple[str, Any, str | int]] = [(name, holder, name) for name in holder if name not in known]
    todo.reverse()
    for name, _, _ in todo:
        if len(name) > LONG:
            said.setdefault("", []).append(name)
    while todo:
        path, held, key = todo.pop()
        value = held[key]
        if type(value) is str:
            found = medium(path, held, key) if len(value) >= LEAST_DATA or path in _LOOKED_AT else None
            if found is not None:
                if media is not None:
                    media.append(found)
            elif value:
                said.setdefault(path, []).append(value)
        elif type(value) is list:
            todo.extend((path, value, place) for place in reversed(range(len(value))))
        elif type(value) is dict:
            for name in reversed(value):
                if len(name) > LONG:
                    said.setdefault(path, []).append(name)
                todo.append((f"{path}.{name}"[:MAX_PATH], value, name))
    for path, texts in said.items():
        # Tokens of one text, or texts of their own: shown as both.
        yield path, texts[0] if len(texts) == 1 else "\n".join(texts) + "\n" + "".join(texts)


def medium(path: str, held: Any, key: str | int) -> Medium | None:
    """What stands at `held[key]`, if it is base64 or a URL that holds its data, and not a text."""
    value: str = held[key]
    if (wanted := MUST.get(path)) is not None or (path == _RESULT and _drawn(held)):
        return Medium(held, key, Coding.BASE64, must=True, wanted=wanted or "image/") if value else None
    if (url := _URL.fullmatch(value)) is not None and ((seen := url[1].lower() in _SEEN) or _DATA.fullmatch(url[2])):
        return Medium(held, key, Coding.URL, must=seen)
    return Medium(held, key, Coding.BASE64) if _DATA.fullmatch(value) else None


def _drawn(held: Any) -> bool:
    return isinstance(held, dict) and held.get("type") == "image_generation_call"


class Overheard:
    """What strays in the pieces of one answer, woven into what detectors see. media: what may be pictures, sound or
    files in the last piece."""

    __slots__ = ("_last", "_weave", "media")

    def __init__(self, weave: Weave) -> None:
        self._weave = weave
        self.media: list[Medium] = []
        self._last: dict[object, str] = {}

    def hear(self, voice: object, holder: dict[str, Any], known: frozenset[str]) -> str:
        """What is new below the unknown members of `holder`. Raises Unavailable ``upstream.broken`` for more places
        than anyone needs."""
        if holder.keys() <= known:
            return ""
        heard = []
        for path, text in strays(holder, known, self.media):
            key = (voice, path)
            if len(text) >= REPEATED:
                if self._last.get(key) == text:  # sources, say, that a server sends with each piece
                    continue
                self._last[key] = text
            heard.append(self._weave.say(key, text))
        return "".join(heard)

    def borne(self, chunk: Chunk) -> Chunk:
        """`chunk`, with what was found in it beside text."""
        if not self.media:
            return chunk
        media, self.media = self.media, []
        return Bearing(chunk, media)


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


def beside_whole(overheard: Overheard, answer: dict[str, Any], voice: Voice) -> str:
    """The same of a whole answer, set off from its text."""
    heard = beside(overheard, answer, voice)
    return "\n" + heard if heard else ""
