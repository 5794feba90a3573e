# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from io import BytesIO

import pytest

from answerable.labels.rules.explicit import icon, words
from answerable.labels.rules.subject import Subject
from answerable.labels.rules.verdicts import Verdict
from tests.unit.labels.rules.files import TRUST, labelled, members, noise, page


def subject(data: bytes, *, ai: bool = False) -> Subject:
    return Subject(BytesIO(data), trust=TRUST, ai=ai)


RUNNING = "On AI生成 and what the law says of it. " + "More of it. " * 20


@pytest.mark.parametrize(
    ("data", "ai", "verdict"),
    [
        (labelled(), False, Verdict.COMPLIANT),
        (noise(), False, Verdict.NOT_FOUND),
        (noise(), True, Verdict.INCONCLUSIVE),
        (b"A text.\n", False, Verdict.NOT_FOUND),
        (b"A text.\n", True, Verdict.NONCOMPLIANT),
        (page(members()), False, Verdict.NONCOMPLIANT),
        ("AI生成\n\nA text.\n".encode(), False, Verdict.COMPLIANT),
        ("A text.\n\nAI生成\n".encode(), False, Verdict.COMPLIANT),
        (RUNNING.encode(), False, Verdict.NOT_FOUND),
        (RUNNING.encode(), True, Verdict.COMPLIANT),
        (b"AI-generated\n\nA text.\n", False, Verdict.INCONCLUSIVE),
    ],
)
def test_words(data: bytes, ai: bool, verdict: Verdict) -> None:
    assert words(subject(data, ai=ai)).verdict is verdict


def test_words_for_people_of_any_language_do_for_who_publishes() -> None:
    assert icon(subject(b"AI-generated\n\nA text.\n")).verdict is Verdict.COMPLIANT
    assert icon(subject(labelled())).verdict is Verdict.COMPLIANT
    assert icon(subject(b"A text.\n", ai=True)).verdict is Verdict.INCONCLUSIVE
    assert icon(subject(b"A text.\n")).verdict is Verdict.NOT_FOUND
