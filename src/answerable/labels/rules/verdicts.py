# SPDX-License-Identifier: Apache-2.0
"""The four verdicts on a clause, and how those of many clauses make that of a file.

A file is known to be AI-made if a layer of its label says so, or whoever asks. Then what a clause asks for and what is
missing or wrong is noncompliant. If nobody says so, what is missing is not found: most files need no label. What cannot
be told from the file with what the reader has (no keys, no reader for the medium, words that no eye here can see) is
inconclusive. No verdict is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from answerable.errors import AnswerableError
from answerable.labels.rules.book import Rule


class Verdict(StrEnum):
    COMPLIANT = "compliant"
    NONCOMPLIANT = "noncompliant"
    NOT_FOUND = "not_found"
    INCONCLUSIVE = "inconclusive"


# Of several the first that occurs is that of all.
_WORST: Final = (Verdict.NONCOMPLIANT, Verdict.INCONCLUSIVE, Verdict.NOT_FOUND, Verdict.COMPLIANT)
# Exit status of each.
STATUS: Final = {
    Verdict.COMPLIANT: 0,
    Verdict.NONCOMPLIANT: 1,
    Verdict.NOT_FOUND: 3,
    Verdict.INCONCLUSIVE: 4,
}
NAMES: Final = {
    Verdict.COMPLIANT: ("compliant", "符合"),
    Verdict.NONCOMPLIANT: ("noncompliant", "不符合"),
    Verdict.NOT_FOUND: ("not found", "未发现"),
    Verdict.INCONCLUSIVE: ("inconclusive", "无法判定"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What one check says. detail, detail_zh: what was seen, in words."""

    verdict: Verdict
    detail: str
    detail_zh: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One clause on one file. counts: whether it makes part of the file's verdict."""

    rule: Rule
    told: Told
    counts: bool

    @property
    def verdict(self) -> Verdict:
        return self.told.verdict


@dataclass(frozen=True, slots=True)
class Checked:
    """One file under one book of rules. medium: image, audio, video or text, "" where it cannot be read; by_ai: whether
    it is known to be AI-made; problem, problem_zh: why nothing could be checked, "" for a file that was; code: of the
    error, "" for a process that was lost."""

    format: str
    medium: str
    by_ai: bool
    findings: tuple[Finding, ...]
    problem: str = ""
    problem_zh: str = ""
    code: str = ""

    @property
    def verdict(self) -> Verdict:
        """A file that cannot be read is inconclusive; one that no clause is about is compliant with all of them."""
        if self.problem:
            return Verdict.INCONCLUSIVE
        return worst(each.verdict for each in self.findings if each.counts)


def unread(error: AnswerableError, *, ai: bool) -> Checked:
    """A file that cannot be read: why, and what can be done."""
    english, chinese = f"{error.reason('en')} {error.remedy('en')}", f"{error.reason('zh')}{error.remedy('zh')}"
    return Checked("", "", ai, (), english, chinese, error.code)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """That of all: noncompliant before inconclusive before not found before compliant, which none at all is too."""
    found = set(verdicts)
    return next((each for each in _WORST if each in found), Verdict.COMPLIANT)


def compliant(detail: str, detail_zh: str) -> Told:
    return Told(Verdict.COMPLIANT, detail, detail_zh)


def noncompliant(detail: str, detail_zh: str) -> Told:
    return Told(Verdict.NONCOMPLIANT, detail, detail_zh)


def inconclusive(detail: str, detail_zh: str) -> Told:
    return Told(Verdict.INCONCLUSIVE, detail, detail_zh)


def missing(by_ai: bool, detail: str, detail_zh: str) -> Told:
    """What is not there: noncompliant in a file that is known to be AI-made, otherwise not found."""
    return Told(Verdict.NONCOMPLIANT if by_ai else Verdict.NOT_FOUND, detail, detail_zh)


def without(detail: str, detail_zh: str) -> Told:
    """A part of what is not there as a whole: not found, whoever made the file. Its lack is told once, by the whole."""
    return Told(Verdict.NOT_FOUND, detail, detail_zh)
