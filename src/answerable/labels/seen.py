# SPDX-License-Identifier: Apache-2.0
"""Whether our own words stand in a file, where they are put: in texts and documents at once, where they can be told to
be seen; on pictures, the opening of videos and as a rhythm in sound by measuring, which takes seconds and is done when
it is asked for.

What is not found there is not said to be absent: another's words are pixels and sound like all others.
"""

from __future__ import annotations

import io
from collections.abc import Container
from typing import BinaryIO, Final

from answerable.errors import AnswerableError
from answerable.labels.explicit import office
from answerable.labels.explicit import places as positions
from answerable.labels.explicit.plan import LANGUAGES, Plan, Where
from answerable.labels.explicit.texts import MAX_TEXT, PDF, PLAIN
from answerable.labels.rules import seen as measured
from answerable.labels.rules.seen import Seen
from answerable.labels.rules.text_of import text_of

MAX_FILE: Final = MAX_TEXT
PLACES: Final = (Where.START, Where.END)
_DOCUMENTS: Final = office.KINDS | {PDF: "pdf"}
# Longest words first: they may hold the others.
_PLANS: Final = tuple(
    Plan(language, where=where)
    for where in PLACES
    for language in sorted(LANGUAGES, key=lambda language: -len(Plan(language).text))
)


def words(source: BinaryIO, media: str, places: Container[Where] = PLACES) -> str | None:
    """The words of the explicit label at one of those places, "" for none; None where this medium is not looked at, or
    what it needs is not installed."""
    if media not in PLAIN and media not in _DOCUMENTS:
        return None
    if source.seek(0, io.SEEK_END) > MAX_FILE:
        return None
    try:
        if media in _DOCUMENTS:
            return _in_document(source, _DOCUMENTS[media], places)
        return next((plan.text for plan in _PLANS if plan.where in places and _stands(source, media, plan)), "")
    except AnswerableError:
        return None


def perceived(source: BinaryIO, format: str, media: str) -> Seen | None:
    """What is seen or heard of a label of ours in a picture, video or sound, measured; None for other media. Raises
    VerificationError ``format.*`` for what cannot be decoded, Unavailable ``label.extra``."""
    kind = media.partition("/")[0]
    return measured.look(source, format, media, kind) if kind in ("image", "video", "audio") else None


def _in_document(source: BinaryIO, format: str, places: Container[Where]) -> str:
    plans = [plan for plan in _PLANS if plan.where in places]
    if format != "pdf" and not any(office.found(source, format, plan.text) for plan in plans):
        return ""  # far quicker than to tell whether they are seen
    said = {line.strip() for line in text_of(source, format).said.splitlines()}
    return next((plan.text for plan in plans if plan.text in said), "")


def _stands(source: BinaryIO, media: str, plan: Plan) -> bool:
    source.seek(0)
    data = source.read()
    if media == "text/html":
        return positions.page(data, plan).stands
    return positions.plain(data, plan, markdown="markdown" in media).stands
