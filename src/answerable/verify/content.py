# SPDX-License-Identifier: Apache-2.0
"""Is this content what the record says? Compares canonical content bytes (`docs/spec/content.md`) with a report."""

from __future__ import annotations

from answerable.errors import Unavailable, VerificationError
from answerable.verify.report import Report


def compare(report: Report, body: bytes, group: str = "out") -> None:
    """Return if `body` is exactly what the record committed to. group: ``out`` for an answer, ``in`` for a request.

    Raises VerificationError ``receipt.content`` if it is not; Unavailable ``receipt.undisclosed`` if the receipt does
    not disclose that content: then nothing can be said.
    """
    recorded = report.content(group)
    if recorded is None:
        raise Unavailable("receipt.undisclosed", group=group)
    if recorded != body:
        raise VerificationError("receipt.content", rid=report.record)
