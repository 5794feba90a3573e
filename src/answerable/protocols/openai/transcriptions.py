# SPDX-License-Identifier: Apache-2.0
"""``POST /v1/audio/transcriptions``. What a model writes down of a sound is generated text: its words stand before it,
in subtitles as the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from answerable.errors import Unavailable
from answerable.marks.wording import plain
from answerable.model.actions import Chunk
from answerable.ports import Decoder, Transcript
from answerable.protocols.openai.answers import MAX_ANSWER, Weave, Whole, broken, usage
from answerable.protocols.openai.endpoint import JSON
from answerable.protocols.openai.marker import Marker
from answerable.protocols.openai.media_endpoint import MediaEndpoint, Words
from answerable.protocols.openai.media_request import TRANSCRIPTIONS, WRITTEN
from answerable.protocols.openai.strays import Overheard

TEXT: Final = "text"
SRT: Final = "srt"
VTT: Final = "vtt"
_KNOWN: Final = frozenset({TEXT, "usage", "language", "duration", "task"})
# A label on a video is shown for two seconds or more (GB 45438-2025 section 5.4).
_CUES: Final = {
    SRT: "0\n00:00:00,000 --> 00:00:02,000\n{words}\n\n",
    VTT: "00:00:00.000 --> 00:00:02.000\n{words}\n\n",
}


class Transcriptions(MediaEndpoint):
    """Words out of sound."""

    path: str = TRANSCRIPTIONS

    __slots__ = ()

    @property
    def _form(self) -> str:
        return str(self._asked.get("response_format", "json"))

    def _answers(self) -> str:
        return WRITTEN.get(self._form, JSON)

    def decoder(self, *, stream: bool) -> Decoder:
        return Whole(whole) if self.answers == JSON else Lines(self._form)

    def marker(self) -> Marker:
        return Before(self._form)

    def content(self) -> Transcript:
        return Heard()

    def encode(self, chunk: Chunk, *, stream: bool) -> bytes:
        if self.answers == JSON:
            return super().encode(chunk, stream=stream)
        text: str = chunk.body[TEXT]
        return text.encode()


def whole(answer: dict[str, Any]) -> Chunk:
    """The one piece of an answer in JSON. Raises Unavailable ``upstream.broken``."""
    text = answer.get(TEXT)
    if not isinstance(text, str):
        raise broken("no text")
    weave = Weave()
    overheard = Overheard(weave)
    said = weave.say(TEXT, text) + overheard.hear("answer", answer, _KNOWN)
    spent = answer.get("usage")
    by_time = isinstance(spent, dict) and spent.get("type") == "duration"
    tokens = None if by_time else usage(spent, "input_tokens", "output_tokens")
    return overheard.borne(Chunk(answer, said, usage=tokens))


class Lines:
    """Decoder of an answer that is text itself. form: text, srt or vtt."""

    __slots__ = ("_form", "_parts", "_size")

    def __init__(self, form: str) -> None:
        self._form = form
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
        """Raises Unavailable ``upstream.broken`` for what is not the text that was asked for."""
        try:
            text = b"".join(self._parts).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise broken("not UTF-8") from None
        self._parts.clear()
        if self._form == VTT and not text.startswith("WEBVTT"):
            raise broken("no subtitles")
        return [Chunk({TEXT: text}, text, last=True)]


class Before:
    """Sets the words before the text, in subtitles as one that is shown at their beginning."""

    __slots__ = ("_form",)

    def __init__(self, form: str) -> None:
        self._form = form

    def begin(self, chunk: Chunk, prefix: str) -> None:
        text: str = chunk.body[TEXT]
        cue = _CUES.get(self._form, "").format(words=prefix.strip())
        if self._form == VTT:
            head, blank, rest = text.replace("\r\n", "\n").partition("\n\n")
            chunk.body[TEXT] = (head + blank if blank else head.rstrip("\n") + "\n\n") + cue + rest
        elif not text.startswith(prefix) or cue:
            chunk.body[TEXT] = (cue or prefix) + text

    def place(self, chunk: Chunk) -> dict[str, Any]:
        return chunk.body


class Heard(Words):
    """The transcript: the text as it leaves."""

    __slots__ = ()

    def words(self, answer: dict[str, Any]) -> Sequence[str]:
        return [answer[TEXT]]

    def texts(self) -> tuple[str, ...]:
        return tuple(map(plain, super().texts()))
