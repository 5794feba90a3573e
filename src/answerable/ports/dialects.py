# SPDX-License-Identifier: Apache-2.0
"""One endpoint's wire format, and where the answer goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from answerable.model.actions import Chunk
from answerable.model.media import LabelledMedium
from answerable.model.terms import Act
from answerable.ports.labelling import LabelFormat


class Decoder(Protocol):
    """Sans-io reader of an upstream's answer in one dialect."""

    def feed(self, data: bytes) -> list[Chunk]:
        """Raises Unavailable ``upstream.broken`` for what is not the dialect, ``upstream.oversized`` past its bound."""

    def end(self) -> list[Chunk]:
        """The rest; raises Unavailable ``upstream.truncated`` if the answer is not complete."""


class Dialect(Protocol):
    """One endpoint's wire format, as OpenAI's clients know it."""

    act: Act
    path: str
    kind: str  # media type of the body that `prepare` makes
    answers: str  # media type of an answer that is not streamed
    original: bytes  # the file that the answer's are made from, b"" for none
    limits: tuple[str, ...]  # members that limit the tokens of an answer; the first is the one that we set

    def prepare(self, request: dict[str, Any], model: str, *, stream: bool) -> bytes:
        """The body for the upstream: `model` replaced, usage asked for, our own labels taken out of earlier turns."""

    def decoder(self, *, stream: bool) -> Decoder: ...

    def label_format(self, *, stream: bool) -> LabelFormat[Chunk]: ...

    def stamp(self, chunk: Chunk, record: str, model: str) -> None:
        """Set the piece's `id` to the record id and `model` to the name of the system that answers, in place."""

    def content(self) -> Transcript:
        """A fresh collector of what is said, in the canonical form that is committed to."""

    def encode(self, chunk: Chunk, *, stream: bool) -> bytes: ...

    def trailer(self, *, stream: bool) -> bytes:
        """What ends the answer on the wire (``data: [DONE]``), or b""."""


class Transcript(Protocol):
    """Collects what was said. `body` is the same for a streamed and an unstreamed answer and for what an SDK saves of
    it (`docs/spec/content.md`)."""

    def add(self, chunk: Chunk) -> None: ...

    def body(self, files: Sequence[LabelledMedium] = ()) -> bytes:
        """The canonical content, with the pictures, sounds and files that were labelled in it; b"" if nothing was
        sent."""

    def texts(self) -> tuple[str, ...]:
        """Each choice's text alone: what people copy."""


class Out(Protocol):
    """Where `carry` writes the answer; the gateway's side of the path."""

    def start(self, record: str, aigc: bytes, notice: str = "") -> None:
        """Once, before the first piece. aigc: the implicit label, a JSON object in ASCII, for those who look at no
        content; notice: what a digital human says of itself, "" for what is none."""

    async def send(self, data: bytes) -> None:
        """Returns when the client can take more (back-pressure). Raises Refused ``request.disconnected``."""

    async def fail(self, error: Exception, record: str) -> None:
        """Instead of `start`, or after it: an error in the dialect's shape. `record` may be ""."""

    async def finish(self, data: bytes) -> None:
        """The last bytes; the answer is complete."""
