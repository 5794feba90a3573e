# SPDX-License-Identifier: Apache-2.0
"""Conversations that a server of models keeps (``previous_response_id`` of ``/v1/responses``).

What leaves here bears our record id, so a client goes on from that; the server knows its own id alone. Which stands
behind which is kept in memory, for the system that was answered and no other: a record id is no secret.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from answerable.errors import Refused
from answerable.model.actions import Chunk
from answerable.protocols.openai.marker import Labelling
from answerable.protocols.openai.responses import PREVIOUS, Responses

MAX_KEPT: Final = 20_000  # some 5 MB; a client that goes on later sends its conversation whole
MAX_ID: Final = 200


class Threads:
    """most: how many responses are remembered; the oldest is forgotten first."""

    def __init__(self, most: int = MAX_KEPT) -> None:
        self._most = most
        self._known: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def remember(self, ours: str, speaker: str, theirs: str) -> None:
        """`theirs` is the server's id of our response `ours`, which was said to the system `speaker`."""
        self._known[ours] = (speaker, theirs)
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def behind(self, ours: str, speaker: str) -> str:
        """The server's id. Raises Refused ``request.response_unknown``, also where it was said to somebody else."""
        owner, theirs = self._known.get(ours, ("", ""))
        if not theirs or owner != speaker:
            raise Refused("request.response_unknown")
        return theirs


class Threaded(Responses):
    """`Responses` for one call of the system `speaker`."""

    __slots__ = ("_kept", "_previous", "_speaker", "_threads")

    def __init__(self, labelling: Labelling, threads: Threads, speaker: str) -> None:
        super().__init__(labelling)
        self._threads = threads
        self._speaker = speaker
        self._previous = ""
        self._kept = False

    def prepare(self, request: dict[str, Any], model: str, *, stream: bool) -> bytes:
        """Raises Refused ``request.response_unknown``."""
        self._kept = request.get("store") is not False
        return super().prepare(request, model, stream=stream)

    def _behind(self, ours: str) -> str:
        self._previous = ours
        return self._threads.behind(ours, self._speaker)

    def stamp(self, chunk: Chunk, record: str, model: str) -> None:
        body = chunk.body
        answer = body.get("response") if "type" in body else body
        if isinstance(answer, dict):
            theirs = answer.get("id")
            if self._kept and isinstance(theirs, str) and 0 < len(theirs) <= MAX_ID:
                self._threads.remember(self.prefix + record, self._speaker, theirs)
                self._kept = False
            if self._previous and PREVIOUS in answer:
                answer[PREVIOUS] = self._previous
        super().stamp(chunk, record, model)
