# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest

from answerable.labels import label
from answerable.labels.rules import california
from answerable.labels.rules.subject import Subject
from answerable.labels.rules.verdicts import Verdict
from tests.unit.labels.rules.files import RECORD, TRUST, by, golden, labelled, noise

CHECKS = ("provider", "system", "time", "identifier", "standard", "lasting")


def subject(data: bytes, *, ai: bool = False) -> Subject:
    return Subject(BytesIO(data), trust=TRUST, ai=ai)


def verdicts(data: bytes, *, ai: bool = False) -> list[str]:
    found = subject(data, ai=ai)
    return [str(getattr(california, name)(found).verdict) for name in CHECKS]


def test_a_picture_in_every_layer() -> None:
    assert verdicts(labelled()) == ["compliant"] * 6
    found = subject(labelled())
    assert california.provider(found).detail == "Example Ltd"
    assert california.system(found).detail == "painter 1.0"
    assert california.time(found).detail.startswith("20")
    assert california.identifier(found).detail == RECORD


@pytest.mark.parametrize("agent", [("", ""), ("painter", "")])
def test_a_system_needs_a_name_and_a_version(agent: tuple[str, str]) -> None:
    data = label(noise(), by=by(agent=agent), record=RECORD).data
    assert data is not None
    assert verdicts(data) == ["compliant", "noncompliant", "compliant", "compliant", "compliant", "compliant"]


def test_an_aigc_object_alone_does_not_convey_all() -> None:
    data = label(noise(), by=replace(by(), c2pa=None, watermark_key=None), record=RECORD).data
    assert data is not None
    assert verdicts(data) == [
        "inconclusive", "noncompliant", "noncompliant", "compliant", "inconclusive", "noncompliant",
    ]  # fmt: skip


def test_nothing() -> None:
    assert verdicts(noise()) == ["not_found"] * 6
    assert verdicts(noise(), ai=True) == ["noncompliant"] * 6


def test_sound_carries_metadata_alone() -> None:
    data = label(golden("wav/plain.wav"), by=by(), record=RECORD).data
    assert data is not None
    assert verdicts(data) == ["compliant"] * 5 + ["inconclusive"]


def test_a_manifest_that_was_broken_conveys_nothing() -> None:
    at = labelled().index(b"IDAT") + 50
    broken = labelled()[:at] + bytes([labelled()[at] ^ 1]) + labelled()[at + 1 :]
    told = {name: str(getattr(california, name)(subject(broken)).verdict) for name in CHECKS}
    assert (told["system"], told["standard"]) == ("noncompliant", "noncompliant")
    assert california.standard(subject(broken)).verdict is Verdict.NONCOMPLIANT


def test_a_time_of_no_calendar() -> None:
    assert california._instant(10**30) == f"{10**30} ms"
