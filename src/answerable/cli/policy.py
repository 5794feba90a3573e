# SPDX-License-Identifier: Apache-2.0
"""`policy explain`: what a rule means, or which rule decided a record. Rules are explained without any service."""

from __future__ import annotations

import argparse
import re
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, language, pick, table

EXAMPLES: Final = """\
  answerable policy explain R004              what the rule means, when it holds, what to do about it
  answerable policy explain RECORD_ID         which rule decided this action
  answerable policy ls                        every rule, in the order in which they are tried
"""
# The rule of an open leaf whose action was refused at step 1 (`pipeline.endings`).
BEFORE: Final = "R000"


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    one = new_verb("explain", "a rule, or the rule behind a record")
    one.add_argument("rule", metavar="RULE|RECORD_ID")
    one.set_defaults(run=explain)
    new_verb("ls", "every rule").set_defaults(run=ls)


def explain(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.formats.saved import record_id
    from answerable.policy.explain import explain as explanation

    rule, decided = args.rule, None
    if record := record_id(rule):
        decided = _decided(args, record)
        rule = decided["leaf"]["rule"]
        if rule == BEFORE:
            return _refused_before(args, decided)
    found = explanation(rule, language())
    answer: dict[str, Any] = msgspec.to_builtins(found)
    lines = [
        f"{found.rule}: {found.ruling.value} ({found.why})",
        f"  {found.reason}",
        f"  → {found.remedy}",
        *[f"  {pick('when', '条件')} {name}: {', '.join(values)}" for name, values in found.when.items()],
    ]
    if decided is not None:
        answer["record"] = decided
        leaf = decided["leaf"]
        lines.insert(0, f"{decided['rid']}: {leaf['dec']} {leaf.get('err', '')}".rstrip())
    emit(args, answer, lines)
    return 0


def _refused_before(args: argparse.Namespace, decided: dict[str, Any]) -> int:
    """An action that the path refused at its check, before any rule was asked."""
    from answerable.errors.catalogue import CATALOGUE

    code = decided["leaf"].get("err", "")
    entry = CATALOGUE.get(code)
    texts = (pick(entry.reason, entry.reason_zh), pick(entry.remedy, entry.remedy_zh)) if entry else ("", "")
    # The leaf keeps the code and not its values.
    reason, remedy = (re.sub(r"\{\w+\}", "…", text) for text in texts)
    answer = {"rule": BEFORE, "ruling": "refuse", "why": code, "reason": reason, "remedy": remedy, "record": decided}
    head = pick("refused at the check, before any rule was asked", "在检查阶段即被拒绝，未进入规则裁决")
    emit(args, answer, [f"{decided['rid']}: refuse {code}", f"{head}:", f"  {reason}", f"  → {remedy}"])
    return 0


def ls(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.policy.explain import table as rules

    found = rules(language())
    head = [pick("RULE", "规则"), pick("RULING", "裁决"), pick("WHY", "原因"), pick("IN WORDS", "说明")]
    emit(
        args,
        msgspec.to_builtins(found),
        table(head, ([each.rule, each.ruling.value, each.why, each.reason] for each in found)),
    )
    return 0


def _decided(args: argparse.Namespace, record: str) -> Any:
    from answerable.cli.session import part, session
    from answerable.errors import Refused

    here = session(args)
    found = here.get(f"/log/records/{part(record)}")
    if found["kind"] == "close":
        found = here.get(f"/log/records/{part(found['leaf']['open'])}")
    if found["kind"] != "open":
        raise Refused("admin.not_found", name=record)
    return found
