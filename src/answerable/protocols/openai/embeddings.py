# SPDX-License-Identifier: Apache-2.0
"""``POST /v1/embeddings``. Vectors say nothing to people: the record id and the label stand in the extension member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from answerable.model.actions import Chunk
from answerable.model.media import LabelledMedium
from answerable.model.terms import Act
from answerable.ports import Decoder, Transcript
from answerable.protocols.openai.answers import Whole, broken, usage
from answerable.protocols.openai.content import Choice, body, canonical, vector
from answerable.protocols.openai.endpoint import Endpoint
from answerable.protocols.openai.marker import Marker, Silent


class Embeddings(Endpoint):
    """Embeddings; there is no stream."""

    act: Act = Act.EMBEDDING
    path: str = "/v1/embeddings"

    __slots__ = ()

    def _adapt(self, body: dict[str, Any], *, stream: bool) -> None:
        """Nothing to adapt: the usage always stands in the answer."""

    def decoder(self, *, stream: bool) -> Decoder:
        return Whole(whole)

    def marker(self) -> Marker:
        return Silent()

    def content(self) -> Transcript:
        return Vectors()

    def trailer(self, *, stream: bool) -> bytes:
        return b""


def whole(answer: dict[str, Any]) -> Chunk:
    """The one piece of an answer. Raises Unavailable ``upstream.broken``."""
    # The transcript reads the numbers, before anything is sent; here the shape is enough.
    if not isinstance(answer.get("data"), list):
        raise broken("no data")
    return Chunk(answer, usage=usage(answer.get("usage"), "prompt_tokens", "completion_tokens"))


class Vectors:
    """The transcript of embeddings: each vector as base64 of float32, whichever way it travelled."""

    __slots__ = ("_said",)

    def __init__(self) -> None:
        self._said: list[Choice] = []

    def add(self, chunk: Chunk) -> None:
        self._said.extend(_vectors(chunk.body))

    def body(self, files: Sequence[LabelledMedium] = ()) -> bytes:
        return body(self._said, files) if self._said else b""

    def texts(self) -> tuple[str, ...]:
        return ()


def _vectors(answer: dict[str, Any]) -> list[Choice]:
    data = answer.get("data")
    if not isinstance(data, list) or not data:
        raise broken("no data")
    found: list[Choice] = []
    for entry in data:
        numbers = entry.get("embedding") if isinstance(entry, dict) else None
        if not isinstance(numbers, str | list):
            raise broken("an entry without embedding")
        try:
            found.append(Choice(vector=canonical(numbers) if isinstance(numbers, str) else vector(numbers)))
        except ValueError:
            raise broken("an embedding is not a vector") from None
    return found
