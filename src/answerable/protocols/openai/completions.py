# SPDX-License-Identifier: Apache-2.0
"""``POST /v1/completions``, the older text completions."""

from __future__ import annotations

from typing import Any

from answerable.model.actions import Chunk
from answerable.ports import Decoder, Transcript
from answerable.protocols.openai import choices, voices
from answerable.protocols.openai.answers import Whole
from answerable.protocols.openai.marker import Marker


class Completions(choices.ChoiceEndpoint):
    """Text completions; a stream's events have the form of the whole answer."""

    path: str = "/v1/completions"
    prefix: str = "cmpl-"
    limits: tuple[str, ...] = ("max_tokens",)

    __slots__ = ()

    def _adapt(self, body: dict[str, Any], *, stream: bool) -> None:
        if stream:
            body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}

    def decoder(self, *, stream: bool) -> Decoder:
        return choices.Stream(voices.COMPLETION, usage_wanted=self._usage_wanted) if stream else Whole(whole)

    def marker(self) -> Marker:
        return choices.Marker(voices.COMPLETION)

    def content(self) -> Transcript:
        return choices.Transcript(voices.COMPLETION)


def whole(answer: dict[str, Any]) -> Chunk:
    """The one piece of an unstreamed completion. Raises Unavailable ``upstream.broken``."""
    return choices.whole(answer, voices.COMPLETION)
