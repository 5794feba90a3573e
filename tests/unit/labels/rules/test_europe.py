# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest

from answerable.labels import label
from answerable.labels.rules import europe
from answerable.labels.rules.subject import Subject
from answerable.labels.rules.verdicts import Verdict
from tests.unit.labels.rules.files import RECORD, TRUST, by, golden, labelled, members, noise, page

BLIND = replace(TRUST, watermark_keys=())
LONG = b"Words, and more words, and more of them. " * 9


def subject(data: bytes, *, ai: bool = False, trust=TRUST) -> Subject:  # type: ignore[no-untyped-def]
    return Subject(BytesIO(data), trust=trust, ai=ai)


def test_a_picture_in_every_layer() -> None:
    for form in ("PNG", "JPEG"):
        found = subject(labelled(form))
        told = europe.marked(found).detail
        assert all(each in told for each in ("AIGC (signed:", "C2PA (trusted)", "watermark"))
        for check in (europe.marked, europe.signed_metadata, europe.watermark):
            assert check(found).verdict is Verdict.COMPLIANT


def test_marked() -> None:
    assert europe.marked(subject(page(members()))).verdict is Verdict.COMPLIANT
    assert europe.marked(subject(noise())).verdict is Verdict.NOT_FOUND
    assert europe.marked(subject(noise(), ai=True)).verdict is Verdict.NONCOMPLIANT
    assert europe.marked(subject(page({"Label": "1", "ContentProducer": []}))).verdict is Verdict.NONCOMPLIANT
    # A watermark in the words may be there.
    assert europe.marked(subject(LONG, ai=True)).verdict is Verdict.INCONCLUSIVE
    assert europe.marked(subject(LONG)).verdict is Verdict.NOT_FOUND


def test_signed_metadata() -> None:
    alone = label(noise(), by=replace(by(), c2pa=None), record=RECORD).data
    assert alone is not None
    assert europe.signed_metadata(subject(alone)).verdict is Verdict.NONCOMPLIANT
    assert europe.signed_metadata(subject(noise())).verdict is Verdict.NOT_FOUND
    at = labelled().index(b"IDAT") + 50
    broken = labelled()[:at] + bytes([labelled()[at] ^ 1]) + labelled()[at + 1 :]
    assert europe.signed_metadata(subject(broken)).verdict is Verdict.NONCOMPLIANT
    assert europe.signed_metadata(subject(golden("ogg/ours-plain.ogg"))).verdict is Verdict.INCONCLUSIVE
    # A photograph's manifest says nothing of a model.
    assert europe.signed_metadata(subject(golden("jpeg/manifest.jpg"))).verdict in (
        Verdict.NOT_FOUND,
        Verdict.INCONCLUSIVE,
    )


def test_watermark() -> None:
    assert europe.watermark(subject(labelled(), trust=BLIND)).verdict is Verdict.INCONCLUSIVE
    assert europe.watermark(subject(noise(), ai=True)).verdict is Verdict.NONCOMPLIANT
    assert europe.watermark(subject(noise())).verdict is Verdict.NOT_FOUND
    assert europe.watermark(subject(golden("wav/ours-plain.wav"))).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("data", "ai", "verdict"),
    [
        (b"Short.", True, Verdict.COMPLIANT),
        (LONG, True, Verdict.INCONCLUSIVE),
        (LONG, False, Verdict.NOT_FOUND),
    ],
)
def test_text_above_200_tokens(data: bytes, ai: bool, verdict: Verdict) -> None:
    assert europe.words_watermark(subject(data, ai=ai)).verdict is verdict
