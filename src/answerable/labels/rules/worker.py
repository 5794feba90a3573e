# SPDX-License-Identifier: Apache-2.0
"""One process that checks files for another: what it is to know on the first line of its input, a file on each that
follows; an answer on a line of its output for each. JSON both ways. A file that ends it ends nothing else."""

from __future__ import annotations

import json
import sys
from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import date
from typing import Any, Final, TextIO

from answerable.errors import AnswerableError
from answerable.labels.reading import Trust
from answerable.labels.rules.book import book
from answerable.labels.rules.checking import check_label
from answerable.labels.rules.verdicts import Checked, Finding, Told, Verdict, unread

_LARGE: Final = (
    "it needs more memory than a check may take: split or shrink the file",
    "所需内存超出检查上限：请拆分或缩小该文件",
)
# Of memory for data, whatever a file makes a library ask for.
MEMORY: Final = 4 << 30


def task(trust: Trust, rules: str, *, ai: bool, deployer: bool, on: date) -> dict[str, Any]:
    """The first line."""
    return {
        "rules": rules,
        "ai": ai,
        "deployer": deployer,
        "on": on.isoformat(),
        "label_keys": {b64encode(key).decode(): party for key, party in trust.label_keys.items()},
        "anchors": [b64encode(each).decode() for each in trust.anchors],
        "watermark_keys": [b64encode(each).decode() for each in trust.watermark_keys],
    }


def told(checked: Checked) -> dict[str, Any]:
    return {
        "format": checked.format,
        "medium": checked.medium,
        "by_ai": checked.by_ai,
        "problem": [checked.problem, checked.problem_zh, checked.code],
        "findings": [
            [each.rule.id, str(each.verdict), each.told.detail, each.told.detail_zh, each.counts]
            for each in checked.findings
        ],
    }


def heard(answer: dict[str, Any], rules: str) -> Checked:
    """What `told` said."""
    by_id = {rule.id: rule for rule in book(rules).rule}
    findings = tuple(
        Finding(by_id[rule], Told(Verdict(verdict), detail, detail_zh), counts)
        for rule, verdict, detail, detail_zh, counts in answer["findings"]
    )
    return Checked(answer["format"], answer["medium"], answer["by_ai"], findings, *answer["problem"])


def main(source: TextIO, target: TextIO) -> None:
    """Until the input ends."""
    asked = json.loads(source.readline())
    trust = Trust(
        {b64decode(key): party for key, party in asked["label_keys"].items()},
        tuple(map(b64decode, asked["anchors"])),
        tuple(map(b64decode, asked["watermark_keys"])),
    )
    for line in source:
        target.write(json.dumps(told(_checked(json.loads(line), asked, trust))) + "\n")
        target.flush()


def _checked(path: str, asked: dict[str, Any], trust: Trust) -> Checked:
    try:
        return check_label(
            path,
            asked["rules"],
            trust=trust,
            ai=asked["ai"],
            deployer=asked["deployer"],
            on=date.fromisoformat(asked["on"]),
        )
    except AnswerableError as error:
        return unread(error, ai=asked["ai"])
    except MemoryError:
        return Checked("", "", asked["ai"], (), *_LARGE, "format.oversized")


def bounded() -> None:
    """Where the system can: no more memory than `MEMORY`."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        limit = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


if __name__ == "__main__":
    bounded()
    main(sys.stdin, sys.stdout)
