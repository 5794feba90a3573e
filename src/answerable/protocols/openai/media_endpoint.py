# SPDX-License-Identifier: Apache-2.0
"""What the endpoints of pictures and sound have in common: one dialect a call, since what is asked for decides how it
is answered. Nothing of it is streamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from answerable.errors import Refused
from answerable.model.actions import Chunk
from answerable.model.media import LabelledMedium
from answerable.ports import Transcript
from answerable.protocols import multipart
from answerable.protocols.multipart import Form, Part
from answerable.protocols.openai.content import Choice, body
from answerable.protocols.openai.endpoint import JSON, Endpoint
from answerable.protocols.openai.marker import Labelling
from answerable.protocols.openai.media_request import FORM


class MediaEndpoint(Endpoint):
    """request: what was asked for; without one this is an example, of which the class alone is looked at."""

    __slots__ = ("_asked", "answers", "kind", "original")

    def __init__(
        self, labelling: Labelling, request: dict[str, Any] | None = None, *, usage_wanted: bool = False
    ) -> None:
        self._asked = request or {}
        form = self._asked.get(FORM)
        self.kind = form.kind if isinstance(form, Form) else JSON
        self.answers = self._answers()
        self.original = self._original(form.parts if isinstance(form, Form) else ())
        super().__init__(labelling, usage_wanted=usage_wanted)

    def _answers(self) -> str:
        """Media type of the answer."""
        return JSON

    def _original(self, parts: Sequence[Part]) -> bytes:
        """The file that the answer's are made from."""
        return b""

    def prepare(self, request: dict[str, Any], model: str, *, stream: bool) -> bytes:
        form = request.get(FORM)
        if not isinstance(form, Form):
            return super().prepare(request, model, stream=stream)
        more: dict[str, Any] = {**request, "model": model}
        self._adapt(more, stream=stream)
        parts = [part for part in form.parts if part.filename is not None or part.name.endswith("[]")]
        parts += [Part(name, value.encode()) for name, value in more.items() if name != FORM and isinstance(value, str)]
        try:
            return multipart.write(Form(form.boundary, tuple(parts)))
        except ValueError:
            raise Refused("request.malformed", detail="a form that cannot be passed on") from None

    def _adapt(self, body: dict[str, Any], *, stream: bool) -> None:
        """Nothing to adapt."""

    def content(self) -> Transcript:
        return Words()

    def trailer(self, *, stream: bool) -> bytes:
        return b""


class Words:
    """The transcript: what was put into words beside the files. Each piece has them in `said`."""

    __slots__ = ("_said",)

    def __init__(self) -> None:
        self._said: list[str] | None = None

    def add(self, chunk: Chunk) -> None:
        self._said = [*(self._said or ()), *self.words(chunk.body)]

    def words(self, answer: dict[str, Any]) -> Sequence[str]:
        """The texts of one piece."""
        return ()

    def body(self, files: Sequence[LabelledMedium] = ()) -> bytes:
        return body([Choice(text=text) for text in self._said], files) if self._said is not None else b""

    def texts(self) -> tuple[str, ...]:
        return tuple(self._said or ())
