# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from answerable.errors import Refused
from answerable.labels.rules.checking import check_label
from answerable.labels.rules.verdicts import Verdict
from tests.unit.labels.rules.files import TRUST, golden, labelled, members, noise, page


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("rules", ["cn", "eu", "ca"])
def test_what_this_project_labels_is_compliant(rules: str, form: str) -> None:
    found = check_label(labelled(form), rules, trust=TRUST)
    assert found.verdict is Verdict.COMPLIANT, found
    assert found.findings
    assert {each.verdict for each in found.findings} == {Verdict.COMPLIANT}
    assert (found.format, found.medium, found.by_ai) == (form.lower(), "image", True)


@pytest.mark.parametrize("rules", ["cn", "eu", "ca"])
def test_a_picture_of_which_nothing_is_known(rules: str) -> None:
    assert check_label(noise(), rules, trust=TRUST).verdict is Verdict.NOT_FOUND
    assert check_label(noise(), rules, trust=TRUST, ai=True).verdict is Verdict.NONCOMPLIANT


def test_a_signature_that_nobody_asked_for_does_not_count_and_a_bad_one_does() -> None:
    whole = "AI生成"
    unsigned = check_label(page(members(), text=whole), "cn")
    assert unsigned.verdict is Verdict.COMPLIANT, unsigned
    counted = {each.rule.id: each.counts for each in unsigned.findings}
    assert (counted["cn.implicit.signature"], counted["cn.implicit.form"]) == (False, True)


def test_what_is_not_in_force_yet_does_not_count() -> None:
    early = check_label(noise(), "eu", ai=True, on=date(2026, 8, 1))
    assert early.verdict is Verdict.COMPLIANT
    assert Verdict.NONCOMPLIANT in {each.verdict for each in early.findings}
    assert check_label(noise(), "eu", ai=True, on=date(2026, 8, 2)).verdict is Verdict.NONCOMPLIANT


def test_who_publishes_is_bound_by_more() -> None:
    ids = [[each.rule.id for each in check_label(noise(), "eu", deployer=more).findings] for more in (False, True)]
    assert ids[1] == [*ids[0], "eu.deployer"]


def test_what_cannot_be_read() -> None:
    for data, code in ((b"\0\1", "format.unknown"), (golden("png/ours.png")[:60], "format.malformed")):
        found = check_label(data, "cn", ai=True)
        assert (found.verdict, found.code, found.findings) == (Verdict.INCONCLUSIVE, code, ())
        assert found.problem != found.problem_zh


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "missing", "."):
        with pytest.raises(Refused) as caught:
            check_label(tmp_path / name, "cn")
        assert caught.value.code == "label.source"
