# SPDX-License-Identifier: Apache-2.0
"""What the decoders of all endpoints share: bounds, strict reading of an untrusted answer, and the unstreamed
answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from answerable.errors import Unavailable
from answerable.model.actions import Chunk

# Of one whole answer, streamed or not: it is kept for the transcript.
MAX_ANSWER: Final = 64 * 1024 * 1024
# A flood of empty objects takes twenty times its bytes once decoded, and seconds of everybody's time. Counted in the
# bytes, texts included: no honest answer of people's or tokens' size comes near either.
MAX_OBJECTS: Final = 500_000
MAX_VALUES: Final = 8_000_000
# OpenAI allows 128 choices; parallel tool calls stay far below.
MAX_VOICES: Final = 1_024
# Token counts go into leaves, whose integers stay below 2**53.
MAX_TOKENS: Final = 2**40

_decode = msgspec.json.Decoder(dict[str, Any]).decode
encode = msgspec.json.Encoder().encode


def broken(what: str) -> Unavailable:
    """The error for what is not the dialect. what: a term, never the upstream's own words."""
    return Unavailable("upstream.broken", what=what)


def members(data: bytes) -> dict[str, Any]:
    """The members of a JSON object. Raises Unavailable ``upstream.broken`` for anything else, and for an error object:
    an upstream that fails in the middle of an answer has not answered."""
    if len(data) > MAX_OBJECTS and (data.count(b"{") + data.count(b"[") > MAX_OBJECTS or data.count(b",") > MAX_VALUES):
        raise broken("too many values")
    try:
        body = _decode(data)
    except (ValueError, RecursionError):  # msgspec's errors and UnicodeDecodeError are ValueErrors
        raise broken("not a JSON object") from None
    if body.get("error") is not None and "choices" not in body and "output" not in body:
        raise broken("an error in place of an answer")
    return body


def usage(value: Any, tokens_in: str, tokens_out: str) -> tuple[int, int] | None:
    """(in, out) of a usage member, None where there is none. Raises Unavailable ``upstream.broken`` for what cannot
    be."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise broken("usage is not an object")
    read, said = value.get(tokens_in) or 0, value.get(tokens_out) or 0
    # MAX_TOKENS is a power of two: both are below it if what they have in common with it is.
    if type(read) is int and type(said) is int and 0 <= read | said < MAX_TOKENS:
        return read, said
    raise broken("usage is not a count of tokens")


class Whole:
    """Decoder of an unstreamed answer: one piece at the end. read: makes and checks the piece of its members."""

    __slots__ = ("_parts", "_read", "_size")

    def __init__(self, read: Callable[[dict[str, Any]], Chunk]) -> None:
        self._read = read
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[Chunk]:
        """Raises Unavailable ``upstream.oversized``."""
        self._size += len(data)
        if self._size > MAX_ANSWER:
            raise Unavailable("upstream.oversized", limit=MAX_ANSWER)
        self._parts.append(data)
        return []

    def end(self) -> list[Chunk]:
        """Raises Unavailable ``upstream.truncated`` for nothing at all, ``upstream.broken`` for what is not the
        dialect."""
        if not self._size:
            raise Unavailable("upstream.truncated")
        chunk = self._read(members(b"".join(self._parts)))
        self._parts.clear()
        chunk.last = True
        return [chunk]


class Weave:
    """One text out of several voices that speak at once (choices, tool calls), for detectors that see one text.

    When the voice changes, the end of what the new one said before is repeated, so that what straddles two of its
    pieces is still seen whole.
    """

    OVERLAP: Final = 256
    _KEPT: Final = 4096  # as much is kept of the voice that speaks before it is cut down to its end

    __slots__ = ("_said", "_tails", "_voice")

    def __init__(self) -> None:
        self._voice: object = None
        self._said = ""
        self._tails: dict[object, str] = {}

    def say(self, voice: object, text: str) -> str:
        """`text`, said by `voice`. Raises Unavailable ``upstream.broken`` for more than 1,024 voices."""
        if voice == self._voice:
            self._said += text
            if len(self._said) > self._KEPT:
                self._said = self._said[-self.OVERLAP :]
            return text
        if self._voice is not None:
            self._tails[self._voice] = self._said[-self.OVERLAP :]
            if len(self._tails) > MAX_VOICES:
                raise broken("too many choices")
        before = self._tails.get(voice, "")
        first = self._voice is None
        self._voice = voice
        self._said = before + text
        return text if first else "\n" + before + text
