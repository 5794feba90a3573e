# SPDX-License-Identifier: Apache-2.0
"""Whether our own words stand in a file, where they are put: in texts and documents. On pictures and videos nobody
looks here: they are pixels by then."""

from __future__ import annotations

import io
from typing import BinaryIO, Final

from answerable.errors import AnswerableError
from answerable.labels.explicit import office, pdf, places
from answerable.labels.explicit.plan import LANGUAGES, Plan, Where
from answerable.labels.explicit.texts import MAX_TEXT, PDF, PLAIN

MAX_FILE: Final = MAX_TEXT
# Longest words first: they may hold the others.
_PLANS: Final = tuple(
    Plan(language, where=where)
    for where in (Where.START, Where.END)
    for language in sorted(LANGUAGES, key=lambda language: -len(Plan(language).text))
)


def words(source: BinaryIO, media: str) -> str | None:
    """The words of the explicit label, "" for none; None where this medium is not looked at, or what it needs is not
    installed."""
    if media not in PLAIN and media not in office.KINDS and media != PDF:
        return None
    if source.seek(0, io.SEEK_END) > MAX_FILE:
        return None
    try:
        return next((plan.text for plan in _PLANS if _stands(source, media, plan)), "")
    except AnswerableError:
        return None


def _stands(source: BinaryIO, media: str, plan: Plan) -> bool:
    if media in office.KINDS:
        return plan.where is Where.START and office.found(source, office.KINDS[media], plan.text)
    if media == PDF:
        return pdf.found(source, plan.text, plan.where)
    source.seek(0)
    data = source.read()
    insert = places.page(data, plan) if media == "text/html" else places.plain(data, plan, markdown="markdown" in media)
    return insert.stands
