# SPDX-License-Identifier: Apache-2.0
"""Whether a text was drawn by a model that runs here: asked of each, under its own sampling key and with its own tokens
(`marks.text_watermark`)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from answerable.control.answers import Answer
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.errors import Unavailable
from answerable.marks.wording import plain
from answerable.model.terms import AdminRole

MAX_TEXT = 1 << 20


class AskWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """text: as people copied it; label words at its start are passed over."""

    text: Annotated[str, Meta(max_length=MAX_TEXT)]


class WordsShown(Answer, frozen=True, kw_only=True):
    """system, name, version: of the model; party: id of who answers for it; tokens: of the text; scored: those that
    can speak for the mark; log10_p: common logarithm of the chance that a text without it scores as high, exact for
    this model alone: of several models the least has to be multiplied by their number."""

    system: str
    name: str
    version: str
    party: str
    tokens: int
    scored: int
    score: float
    log10_p: float


async def find(services: Services, call: Call[AskWords]) -> list[WordsShown]:
    if services.find_marks is None:
        raise Unavailable("label.watermark_off", model="this gateway")
    found = []
    for system, score in await services.find_marks(plain(call.body.text)):
        party = next((services.book.party(each.party) for each in system.parties), None)
        found.append(
            WordsShown(
                system=system.rid, name=system.name, version=system.version, party=party.id if party else "",
                tokens=score.tokens, scored=score.scored, score=score.score, log10_p=score.log10_p,
            )
        )  # fmt: skip
    if not found:
        raise Unavailable("label.watermark_off", model="this gateway's models")
    return found


ROUTES = (
    Route(
        "POST", "/labels/words", AdminRole.VIEWER, find, list[WordsShown],
        "Look for the watermark in the words of a text.", AskWords,
    ),
)  # fmt: skip
