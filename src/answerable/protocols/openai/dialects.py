# SPDX-License-Identifier: Apache-2.0
"""The dialect of each request: one immutable object an endpoint and kind of call."""

from __future__ import annotations

from typing import Final

from answerable.errors import Refused
from answerable.ports import Dialect
from answerable.protocols.openai.chat import Chat
from answerable.protocols.openai.completions import Completions
from answerable.protocols.openai.embeddings import Embeddings
from answerable.protocols.openai.endpoint import Endpoint
from answerable.protocols.openai.marker import Labelling
from answerable.protocols.openai.media_endpoint import MediaEndpoint
from answerable.protocols.openai.pictures import EditedPictures, Pictures
from answerable.protocols.openai.request import Parsed
from answerable.protocols.openai.responses import Responses
from answerable.protocols.openai.speech import Speech
from answerable.protocols.openai.threads import Threaded, Threads
from answerable.protocols.openai.transcriptions import Transcriptions

ENDPOINTS: Final[tuple[type[Endpoint], ...]] = (
    Chat,
    Responses,
    Completions,
    Embeddings,
    Pictures,
    EditedPictures,
    Speech,
    Transcriptions,
)


MEDIA: Final[dict[str, type[MediaEndpoint]]] = {
    kind.path: kind for kind in (Pictures, EditedPictures, Speech, Transcriptions)
}


class Dialects:
    """labelling: how labels are set; `formats.api_text.dialects()` gives the whole thing ready for use."""

    def __init__(self, labelling: Labelling) -> None:
        self._labelling = labelling
        self._threads = Threads()
        self._plain: dict[str, Endpoint] = {kind.path: kind(labelling) for kind in ENDPOINTS}
        self._counting: dict[str, Endpoint] = {kind.path: kind(labelling, usage_wanted=True) for kind in ENDPOINTS}

    def of(self, parsed: Parsed, speaker: str = "") -> Dialect:
        """The dialect that answers `parsed`: of media one for each call, since what it answers with is asked for.

        speaker: the system that asks, if it is known: its conversations are its own.
        """
        if (made := MEDIA.get(parsed.path)) is not None:
            return made(self._labelling, parsed.request)
        if speaker and parsed.path == Responses.path:
            return Threaded(self._labelling, self._threads, speaker)
        dialect = (self._counting if parsed.usage_wanted else self._plain).get(parsed.path)
        return dialect if dialect is not None else self.at(parsed.path)

    def at(self, path: str, *, usage_wanted: bool = False) -> Dialect:
        """Raises Refused ``request.not_found`` for a path that is no endpoint."""
        dialect = (self._counting if usage_wanted else self._plain).get(path)
        if dialect is None:
            raise Refused("request.not_found")
        return dialect
