# SPDX-License-Identifier: Apache-2.0
"""What the four dialects have in common (`ports.Dialect`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Final

from answerable.marks.wording import without
from answerable.model.actions import Chunk
from answerable.model.terms import Act
from answerable.ports import Decoder, LabelFormat, Transcript
from answerable.protocols.openai.answers import encode
from answerable.protocols.openai.marker import EXTENSION, Labelling, Marker
from answerable.protocols.openai.sampling import without_opt_out
from answerable.protocols.sse import write

JSON: Final = "application/json"


class Endpoint(ABC):
    """One endpoint, for calls of one kind. Immutable: one object serves all calls at once.

    usage_wanted: whether the client asked for a last piece with the usage alone (``stream_options.include_usage``).
    """

    act: Act = Act.GENERATION
    path: str
    kind: str = JSON
    answers: str = JSON
    original: bytes = b""
    limits: tuple[str, ...] = ()
    prefix: str = ""  # of record ids on the wire

    __slots__ = ("_format", "_usage_wanted")

    def __init__(self, labelling: Labelling, *, usage_wanted: bool = False) -> None:
        self._format = labelling(self.path, self.marker)
        self._usage_wanted = usage_wanted

    def prepare(self, request: dict[str, Any], model: str, *, stream: bool) -> bytes:
        """The body for the upstream; `request` itself stays as it is."""
        body = {**request, "model": model}
        body.pop(EXTENSION, None)
        without_opt_out(body)
        self._adapt(body, stream=stream)
        return encode(body)

    @abstractmethod
    def _adapt(self, body: dict[str, Any], *, stream: bool) -> None:
        """Ask for usage and take our labels out of earlier turns; nested values are replaced, never changed in
        place."""

    @abstractmethod
    def decoder(self, *, stream: bool) -> Decoder: ...

    @abstractmethod
    def marker(self) -> Marker:
        """A fresh memory of where the label stands in one answer."""

    @abstractmethod
    def content(self) -> Transcript: ...

    def label_format(self, *, stream: bool) -> LabelFormat[Chunk]:
        return self._format

    def stamp(self, chunk: Chunk, record: str, model: str) -> None:
        body = chunk.body
        if "id" in body:
            body["id"] = self.prefix + record
        if "model" in body:
            body["model"] = model

    def encode(self, chunk: Chunk, *, stream: bool) -> bytes:
        data = encode(chunk.body)
        return write(data, chunk.event) if stream else data

    def trailer(self, *, stream: bool) -> bytes:
        return b"data: [DONE]\n\n" if stream else b""


def unlabelled_turns(turns: Any, text_types: tuple[str, ...]) -> Any:
    """A list of messages in which no assistant's text begins with our own label: a model that sees it learns to write
    it.

    text_types: types of the content parts that hold text. Anything of another shape is handed back as it is.
    """
    if not isinstance(turns, list):
        return turns
    return [
        {**turn, "content": _unlabelled(turn.get("content"), text_types)}
        if isinstance(turn, dict) and turn.get("role") == "assistant" and turn.get("content")
        else turn
        for turn in turns
    ]


def _unlabelled(content: Any, text_types: tuple[str, ...]) -> Any:
    if isinstance(content, str):
        return without(content)
    if not isinstance(content, list):
        return content
    return [
        {**part, "text": without(part["text"])}
        if isinstance(part, dict) and part.get("type") in text_types and isinstance(part.get("text"), str)
        else part
        for part in content
    ]
