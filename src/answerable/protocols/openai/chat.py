# SPDX-License-Identifier: Apache-2.0
"""``POST /v1/chat/completions``."""

from __future__ import annotations

from typing import Any

from answerable.model.actions import Chunk
from answerable.ports import Decoder, Transcript
from answerable.protocols.openai import choices, voices
from answerable.protocols.openai.answers import Whole
from answerable.protocols.openai.endpoint import unlabelled_turns
from answerable.protocols.openai.marker import Marker


class Chat(choices.ChoiceEndpoint):
    """Chat completions, streamed as ``chat.completion.chunk`` events."""

    path: str = "/v1/chat/completions"
    prefix: str = "chatcmpl-"
    limits: tuple[str, ...] = ("max_tokens", "max_completion_tokens")

    __slots__ = ()

    def _adapt(self, body: dict[str, Any], *, stream: bool) -> None:
        body["messages"] = unlabelled_turns(body.get("messages"), ("text",))
        if stream:
            body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}

    def decoder(self, *, stream: bool) -> Decoder:
        return choices.Stream(voices.CHUNK, usage_wanted=self._usage_wanted) if stream else Whole(whole)

    def marker(self) -> Marker:
        return choices.Marker(voices.CHUNK, voices.MESSAGE)

    def content(self) -> Transcript:
        return choices.Transcript(voices.CHUNK, voices.MESSAGE)


def whole(answer: dict[str, Any]) -> Chunk:
    """The one piece of an unstreamed chat. Raises Unavailable ``upstream.broken``."""
    return choices.whole(answer, voices.MESSAGE)
