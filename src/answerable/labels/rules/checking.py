# SPDX-License-Identifier: Apache-2.0
"""One file under one book of rules."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from answerable.errors import AnswerableError, Refused
from answerable.labels.files import Source, opened
from answerable.labels.reading import Trust
from answerable.labels.rules import california, europe, explicit, implicit
from answerable.labels.rules.book import Rule, book
from answerable.labels.rules.subject import Subject
from answerable.labels.rules.verdicts import Checked, Finding, Told, Verdict, unread

Check = Callable[[Subject], Told]
# By the names that rules give them.
CHECKS: Final[Mapping[str, Check]] = {
    f"{room.__name__.rpartition('.')[2]}.{each.__name__}": each
    for room, checks in (
        (explicit, (explicit.words, explicit.icon)),
        (
            implicit,
            (
                implicit.present, implicit.one, implicit.form, implicit.characters, implicit.kind, implicit.producer,
                implicit.identifier, implicit.propagator, implicit.signature, implicit.agreement,
            ),
        ),
        (europe, (europe.marked, europe.signed_metadata, europe.watermark, europe.words_watermark)),
        (
            california,
            (
                california.provider, california.system, california.time, california.identifier, california.standard,
                california.lasting,
            ),
        ),
    )
    for each in checks
}  # fmt: skip


def check_label(
    source: Source,
    rules: str,
    *,
    trust: Trust | None = None,
    ai: bool = False,
    deployer: bool = False,
    on: date | None = None,
) -> Checked:
    """The labels of a file, clause by clause. rules: "cn", "eu" or "ca"; trust: whose keys the reader knows; ai: who
    asks says that a model made it; deployer: also what binds who publishes it; on: the day on which rules are in force,
    None: today (UTC).

    Never raises for what the file holds: what cannot be read is inconclusive, with the reason. Raises Refused
    ``label.source`` for a file that cannot be opened; KeyError for other rules.
    """
    chosen, day = book(rules), on or datetime.now(UTC).date()
    if isinstance(source, Path | str):
        _regular(source)
    with opened(source) as file:
        try:
            subject = Subject(file, trust=trust or Trust(), ai=ai)
        except AnswerableError as error:
            return unread(error, ai=ai)
        findings = tuple(
            _finding(rule, subject, day) for rule in chosen.about(subject.medium, subject.format, deployer=deployer)
        )
        return Checked(subject.format, subject.medium, subject.by_ai, findings)


def _finding(rule: Rule, subject: Subject, day: date) -> Finding:
    told = CHECKS[rule.check](subject)
    binding = rule.from_ <= day and (rule.weight == "must" or told.verdict is Verdict.NONCOMPLIANT)
    return Finding(rule, told, binding)


def _regular(path: Path | str) -> None:
    """A pipe or a device would be waited for."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return  # told when it is opened
    if not stat.S_ISREG(mode):
        raise Refused("label.source", path=str(path), detail="no regular file")
