# SPDX-License-Identifier: Apache-2.0
"""A saved reply beside a verified report: is it what was recorded?"""

from __future__ import annotations

from typing import Final

from answerable.control.said import texts
from answerable.errors import Unavailable, VerificationError
from answerable.formats.saved import Saved, read
from answerable.model.labels import Reading
from answerable.pipeline.found import tags
from answerable.verify.content import compare
from answerable.verify.report import Report

# Both sides are at hand, so any key does: it only has to be the same for both.
_ANY_KEY: Final = bytes(32)
EXACT: Final = ("answer", "stream")  # forms whose content is compared byte for byte; plain text is compared as text


def same(report: Report, data: bytes) -> Saved:
    """Return if the saved reply is the recorded one. Raises VerificationError ``receipt.content`` if it is not;
    Unavailable ``receipt.undisclosed`` if the receipt does not show the content."""
    saved = read(data)
    check(report, saved)
    return saved


def check(report: Report, saved: Saved) -> None:
    """As `same`, for a reply that was read."""
    one_record(saved)
    if saved.record and saved.record != report.record:
        raise VerificationError("receipt.content", rid=report.record)
    if saved.form in EXACT:
        compare(report, saved.content)
        return
    recorded = report.content("out")
    if recorded is None:
        raise Unavailable("receipt.undisclosed", group="out")
    said = set(tags(texts(recorded), _ANY_KEY))
    if not said or not said <= set(tags(saved.texts, _ANY_KEY)):
        raise VerificationError("receipt.content", rid=report.record)


def one_record(saved: Saved) -> None:
    """Raises VerificationError ``receipt.inconsistent`` for a reply that names two records: one was put there."""
    if saved.label.verdict is Reading.INCONSISTENT:
        raise VerificationError("receipt.inconsistent", detail=", ".join(saved.label.problems) or "its label")
