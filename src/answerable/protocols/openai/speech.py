# SPDX-License-Identifier: Apache-2.0
"""``POST /v1/audio/speech``. The answer is one sound file, labelled in what is heard and in the file. What is spoken is
what the caller wrote: it is shown to the detectors as what goes out."""

from __future__ import annotations

from typing import Any

from answerable.errors import Unavailable
from answerable.model.actions import Bearing, Chunk
from answerable.model.media import Coding, Medium
from answerable.ports import Decoder
from answerable.protocols.openai.answers import MAX_ANSWER
from answerable.protocols.openai.marker import Marker, Silent
from answerable.protocols.openai.media_endpoint import MediaEndpoint
from answerable.protocols.openai.media_request import SOUNDS, SPEECH

DATA = "data"  # member of the piece that holds the file


class Speech(MediaEndpoint):
    """Sound out of words."""

    path: str = SPEECH

    __slots__ = ()

    def _answers(self) -> str:
        return SOUNDS.get(self._asked.get("response_format", "mp3"), SOUNDS["mp3"])

    def decoder(self, *, stream: bool) -> Decoder:
        return Sound(str(self._asked.get("input", "")), self.answers)

    def marker(self) -> Marker:
        return Silent()

    def encode(self, chunk: Chunk, *, stream: bool) -> bytes:
        sound: bytes = chunk.body[DATA]
        return sound


class Sound:
    """Decoder of a whole sound file. said: what it says, as far as that is known; media: the type that it must have."""

    __slots__ = ("_media", "_parts", "_said", "_size")

    def __init__(self, said: str, media: str) -> None:
        self._said = said
        self._media = media
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
        """Raises Unavailable ``upstream.truncated`` for nothing at all."""
        if not self._size:
            raise Unavailable("upstream.truncated")
        body: dict[str, Any] = {DATA: b"".join(self._parts)}
        self._parts.clear()
        return [
            Bearing(Chunk(body, self._said, last=True), [Medium(body, DATA, Coding.RAW, must=True, wanted=self._media)])
        ]
