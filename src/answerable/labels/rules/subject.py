# SPDX-License-Identifier: Apache-2.0
"""One file as the checks see it: what its label says, the AIGC objects as they stand, what is seen and heard in it.

Each is read once, and what costs time only when a check asks for it.
"""

from __future__ import annotations

from functools import cached_property
from typing import BinaryIO, Final

from answerable.errors import AnswerableError
from answerable.formats.detect import detect
from answerable.labels.reading import FOUND, OTHER, OTHER_SCHEMA, FileReading, LayerReading, Trust, read_label
from answerable.labels.rules import seen
from answerable.labels.rules.seen import Seen
from answerable.labels.rules.text_of import text_of

API: Final = "api-"


def medium_of(media: str) -> str:
    """image, audio, video, or text for everything that people read."""
    kind = media.partition("/")[0]
    return kind if kind in ("image", "audio", "video") else "text"


class Subject:
    """file: open for as long as checks are made; stated: whoever asks says that a model made it; watched: watermarks
    were looked for, under keys of the reader; reading: every layer; carried: the AIGC objects as they stand."""

    def __init__(self, file: BinaryIO, *, trust: Trust, ai: bool = False) -> None:
        """Raises VerificationError ``format.*`` for what is no file of a known format, or cannot be read."""
        self.file = file
        self.stated = ai
        self.watched = bool(trust.watermark_keys)
        self._carrier = detect(file)
        found = self._carrier.read(file)
        self.reading: FileReading = read_label(file, trust=trust)
        self.format = self.reading.format
        self.medium = medium_of(self._carrier.media)
        # What an API answered holds its object in JSON: the form in which it stands is the answer's.
        self.carried = (
            () if self.format.startswith(API) else tuple(x for x in found if not x.place.endswith(OTHER_SCHEMA))
        )

    def layer(self, name: str) -> LayerReading:
        return self.reading.layer(name)

    @property
    def holds_object(self) -> bool:
        """An AIGC object stands there, of whatever form."""
        return bool(self.carried) or self.reading.aigc is not None

    @cached_property
    def by_ai(self) -> bool:
        """The file is known to be AI-made: who asks says so, or a label does, be its form good or bad. A manifest that
        was broken says nothing."""
        return (
            self.stated
            or self.holds_object
            or self.layer("aigc").state == OTHER
            or (self.format.startswith(API) and self.layer("explicit").state == FOUND)
            or bool(self.layer("c2pa").details.get("by_ai"))
            or self.layer("watermark").state == FOUND
            or (self.seen.state == seen.FOUND and self.seen.certain)
        )

    @cached_property
    def seen(self) -> Seen:
        """The words or the sound that people perceive."""
        if self.format.startswith(API):
            from answerable.labels.rules.seen_text import judged

            return judged(str(self.layer("explicit").details.get("words", "")))
        try:
            return seen.look(self.file, self._carrier.name, self._carrier.media, self.medium)
        except AnswerableError as error:
            return Seen(seen.UNSEEN, error.reason("en"), error.reason("zh"))

    @cached_property
    def text_bytes(self) -> int | None:
        """How long the text is in UTF-8, None where not all of it was read."""
        if self.format.startswith(API):
            return None
        try:
            found = text_of(self.file, self.format)
        except AnswerableError:
            return None
        if found.partial is not None:
            return None
        # What is not counted as a label may still be text.
        return sum(len(each.encode("utf-8", "replace")) for each in (found.said, *(x.text for x in found.hidden)))
