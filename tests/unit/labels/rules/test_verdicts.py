# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.errors import VerificationError
from answerable.labels.rules.book import book
from answerable.labels.rules.verdicts import (
    NAMES,
    STATUS,
    Checked,
    Finding,
    Told,
    Verdict,
    missing,
    unread,
    without,
    worst,
)

RULE = book("cn").rule[0]


def found(verdict: Verdict, *, counts: bool = True) -> Finding:
    return Finding(RULE, Told(verdict, "a", "b"), counts)


def test_the_worst_that_counts_is_the_file_s() -> None:
    all_ = tuple(found(each) for each in Verdict)
    assert Checked("png", "image", True, all_).verdict is Verdict.NONCOMPLIANT
    assert Checked("png", "image", True, all_[2:]).verdict is Verdict.INCONCLUSIVE
    assert worst([Verdict.COMPLIANT, Verdict.NOT_FOUND]) is Verdict.NOT_FOUND
    assert Checked("png", "image", True, (found(Verdict.INCONCLUSIVE, counts=False),)).verdict is Verdict.COMPLIANT
    assert Checked("plain", "text", True, ()).verdict is Verdict.COMPLIANT


def test_what_cannot_be_read_is_inconclusive() -> None:
    assert Checked("", "", True, (), "it is damaged", "已损坏").verdict is Verdict.INCONCLUSIVE


def test_what_cannot_be_read_is_told_with_what_to_do() -> None:
    found = unread(VerificationError("format.malformed", format="png", detail="it is cut off"), ai=True)
    assert (found.verdict, found.by_ai, found.code) == (Verdict.INCONCLUSIVE, True, "format.malformed")
    assert found.problem.startswith("The png file is damaged: it is cut off. Get the file again")
    assert found.problem_zh.startswith("该 png 文件已损坏")
    assert "请重新获取" in found.problem_zh


def test_what_is_missing_is_wrong_only_where_a_model_is_known_to_have_made_it() -> None:
    assert missing(True, "", "").verdict is Verdict.NONCOMPLIANT
    assert missing(False, "", "").verdict is Verdict.NOT_FOUND
    assert without("", "").verdict is Verdict.NOT_FOUND


def test_each_verdict_has_a_status_and_a_name_in_both_languages() -> None:
    assert STATUS == {"compliant": 0, "noncompliant": 1, "not_found": 3, "inconclusive": 4}
    assert set(NAMES) == set(Verdict)
    assert len({name for names in NAMES.values() for name in names}) == 8
