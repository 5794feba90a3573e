# SPDX-License-Identifier: Apache-2.0
"""`log fsck`: everything that the store says, computed again from its leaves. Changes nothing; beside a service too."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from answerable.cli.parser import NewVerb, Parser
from answerable.cli.talk import emit, pick

if TYPE_CHECKING:
    from answerable.sequencer.audit import Audit

EXAMPLES: Final = """\
  answerable log fsck                  tree, tiles, signature, guard, rows, payloads, index
  answerable log fsck --no-payloads    without opening what commitments hide
  answerable log fsck --json
"""


def add(new_verb: NewVerb) -> None:
    parser: Parser = new_verb("fsck", "compute the whole log again and say what is wrong; exit status 1 if anything is")
    parser.examples = EXAMPLES
    parser.add_argument("--no-payloads", action="store_true", help="leave out what commitments hide")
    parser.add_argument("--no-state", action="store_true", help="leave out the rows that leaves tell")
    parser.set_defaults(run=fsck)


def fsck(args: argparse.Namespace) -> int:
    from answerable.app import repair
    from answerable.cli.where import place

    found = repair.fsck(place(args).config, payloads=not args.no_payloads, state=not args.no_state)
    emit(
        args,
        {
            "size": found.size,
            "root": found.root.hex(),
            "sound": found.sound,
            "looked_at": dict(found.counts),
            "found": dict(found.found),
            "findings": [finding.as_dict() for finding in found.findings],
        },
        lines(found),
    )
    return 0 if found.sound else 1


def lines(found: Audit) -> Iterator[str]:
    lang = pick("en", "zh")
    remedy = ""
    for finding in found.findings:
        yield f"{finding.code}: {finding.reason(lang)}"
        if finding.remedy(lang) != remedy:
            remedy = finding.remedy(lang)
            yield f"  → {remedy}"
    told = {code: sum(finding.code == code for finding in found.findings) for code in found.found}
    for code, number in found.found.items():
        if number > told[code]:
            yield pick(f"{code}: {number - told[code]} more", f"{code}：另有 {number - told[code]} 处")
    yield pick(
        f"{found.size} leaves under the root {found.root.hex()}",
        f"共 {found.size} 片叶子，根为 {found.root.hex()}",
    )
    yield ", ".join(f"{number} {name}" for name, number in sorted(found.counts.items()))
    if found.sound:
        yield pick("Nothing is wrong.", "未发现问题。")
