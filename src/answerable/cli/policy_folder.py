# SPDX-License-Identifier: Apache-2.0
"""`policy check|test|diff|schema|state|reload`: folders of policies in Cedar, before and while they are in force."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from answerable.cli.parser import NewVerb
from answerable.cli.talk import emit, pick, say, table

if TYPE_CHECKING:
    from answerable.cedar.loaded import Loaded
    from answerable.model.actions import Decision
    from answerable.policy.cases import Outcome
    from answerable.policy.described import Described
    from answerable.ports import Policy

NONE: Final = "-"  # in place of a folder: no operator's policy
MAX_CASES: Final = 4 << 20
SHOWN: Final = 40  # kinds of change that people are shown; --json has all


def add(new_verb: NewVerb) -> None:
    new_verb("schema", "what policies in Cedar can see, in Cedar's own syntax").set_defaults(run=schema)
    look = new_verb("check", "load a folder as the service would, and say what is in it")
    look.add_argument("folder", metavar="DIR")
    look.set_defaults(run=check)
    trial = new_verb("test", "run the cases that are kept beside the policies")
    trial.add_argument("folder", metavar="DIR", help=f"or {NONE} for the kernel and the domains alone")
    trial.add_argument("--cases", metavar="FILE", action="append", help="other cases, in TOML or JSON")
    trial.set_defaults(run=test)
    two = new_verb("diff", "what one folder decides otherwise than another")
    two.add_argument("old", metavar="OLD", help=f"a folder, or {NONE} for none")
    two.add_argument("new", metavar="NEW", help=f"a folder, or {NONE} for none")
    two.add_argument("--last", type=int, metavar="N", help="actions among so many newest records; 0: none; else 200")
    two.set_defaults(run=diff)
    new_verb("state", "the operators' policies in force").set_defaults(run=state)
    new_verb("reload", "take the policy folder as it is now").set_defaults(run=reload)


def policies(folder: str) -> tuple[Policy, ...]:
    """The folder's policies, loaded as the service loads them. Raises Refused ``policy.folder|engine``."""
    from answerable.cedar.policy import Cedar

    if folder == NONE:
        return ()
    cedar = Cedar()
    cedar.open(Path(folder).expanduser())
    return (cedar,)


def schema(args: argparse.Namespace) -> int:
    from answerable.cedar.schema import text

    emit(args, {"schema": text()}, text().splitlines())
    return 0


def check(args: argparse.Namespace) -> int:
    loaded = _load(args.folder)
    rows = [[rule.place, rule.effect + (f" ({rule.people})" if rule.people else ""), rule.id] for rule in loaded.rules]
    answer = {
        "digest": loaded.digest,
        "policies": [{"id": r.id, "place": r.place, "effect": r.effect, "people": r.people} for r in loaded.rules],
        "entities": len(loaded.uids) + len(loaded.members),
        "cases": sorted(loaded.files.cases),
    }
    lines = table([pick("WHERE", "位置"), pick("EFFECT", "效果"), "@id"], rows)
    emit(args, answer, [*lines, f"{pick('digest', '摘要')} {loaded.digest}"])
    return 0


def test(args: argparse.Namespace) -> int:
    from answerable.cli.where import read_bytes
    from answerable.errors import Refused
    from answerable.policy.cases import parse, run

    loaded = _loaded(args.folder)
    texts = dict(loaded.files.cases) if loaded is not None and not args.cases else {}
    for name in args.cases or ():
        texts[name] = read_bytes(name, MAX_CASES).decode("utf-8", "replace")
    if not texts:
        raise Refused("policy.cases", file=f"{args.folder}/cases.toml", detail="there are none")
    cases = [each for name, text in texts.items() for each in parse(name, text)]
    outcomes = run(cases, _as_policies(loaded))
    wrong = [each for each in outcomes if each.wrong]
    decided = {rule for each in outcomes for rule in (each.decision.rule, *each.own)}
    forbids = [rule.id for rule in loaded.rules if rule.effect == "forbid"] if loaded is not None else []
    silent = [name for name in forbids if f"cedar:{name}" not in decided]
    answer = {
        "cases": [
            {
                "name": each.case.name,
                "expected": each.case.expect.value,
                "ruling": each.decision.ruling.value,
                "rule": each.decision.rule,
                "ok": not each.wrong,
            }
            for each in outcomes
        ],
        "untested": silent,
    }
    lines = [_told(each) for each in outcomes]
    lines.append(pick(f"{len(outcomes) - len(wrong)} of {len(outcomes)} as expected",
                      f"{len(outcomes)} 个用例中 {len(outcomes) - len(wrong)} 个符合"))  # fmt: skip
    emit(args, answer, lines)
    if silent:
        say(f"no case for: {', '.join(silent)}", f"无用例的策略：{', '.join(silent)}")
    return 1 if wrong else 0


def _told(each: Outcome) -> str:
    if not each.wrong:
        return f"ok  {each.case.name}"
    expected = f"{each.case.expect.value} {each.case.rule}".rstrip()
    return f"{pick('NOT', '不符')} {each.case.name}: {pick('expected', '应为')} {expected}, {each.wrong}"


def diff(args: argparse.Namespace) -> int:
    """Exit 1 where anything would be decided otherwise."""
    from answerable.cedar.enumerated import points

    old, new = _loaded(args.old), _loaded(args.new)
    before, after = _as_policies(old), _as_policies(new)
    domain = points([each for each in (old, new) if each is not None])
    kinds, permitted = _changes(((None, told) for told in domain.told), before, after)
    recorded = _recorded(args)
    happened, _ = _changes(((each["rid"], _described(each)) for each in recorded or ()), before, after)
    answer = {
        "domain": {"points": domain.whole, "looked_at": len(domain.told), "not_refused": permitted, "changes": kinds},
        "recorded": None if recorded is None else {"actions": len(recorded), "changes": happened},
    }
    lines = [
        pick(f"{domain.whole} combinations, {len(domain.told)} looked at, {permitted} not refused by the kernel",
             f"共 {domain.whole} 种组合，检查 {len(domain.told)} 种，其中 {permitted} 种未被内核拒绝")
    ]  # fmt: skip
    lines += _in_lines(kinds)
    if recorded is not None:
        lines.append(pick(f"{len(recorded)} recorded actions", f"{len(recorded)} 个已记录的行为"))
        lines += _in_lines(happened)
    if not (kinds or happened):
        lines.append(pick("nothing would change", "无任何变化"))
    emit(args, answer, lines)
    return 1 if kinds or happened else 0


def _changes(
    told: Iterable[tuple[str | None, Described]], before: tuple[Policy, ...], after: tuple[Policy, ...]
) -> tuple[list[dict[str, Any]], int]:
    """(each kind of change with how often and one example, how many the kernel does not refuse)."""
    from answerable.cedar.enumerated import in_words
    from answerable.errors import Refused
    from answerable.model.terms import Ruling
    from answerable.policy import kernel
    from answerable.policy.combine import decide
    from answerable.policy.described import case
    from answerable.policy.why import changed

    counts: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], Any] = {}
    open_ = 0
    for rid, each in told:
        try:
            asked = case(each)
        except Refused:
            continue  # of a domain that this version does not know
        if kernel.decide(asked.facts).ruling is Ruling.REFUSE:
            continue
        open_ += 1
        one = decide(asked.facts, asked.about, before, asked.asked)
        two = decide(asked.facts, asked.about, after, asked.asked)
        if kind := changed(one, two):
            key = (kind, _short(one), _short(two))
            counts[key] += 1
            examples.setdefault(key, rid or in_words(each))
    order = {"loosened": 0, "tightened": 1, "other": 2}
    found = sorted(counts.items(), key=lambda item: (order[item[0][0]], -item[1], item[0]))
    return [
        {"change": kind, "before": one, "after": two, "count": count, "example": examples[kind, one, two]}
        for (kind, one, two), count in found
    ], open_


def _short(decision: Decision) -> str:
    from answerable.policy.why import people

    return " ".join([decision.ruling.value, decision.rule, *people(decision)])


def _in_lines(changes: list[dict[str, Any]]) -> list[str]:
    words = {
        "loosened": pick("LOOSENED", "放宽"),
        "tightened": pick("tightened", "收紧"),
        "other": pick("other rule", "规则不同"),
    }
    lines = []
    for each in changes[:SHOWN]:
        example = each["example"]
        shown = example if isinstance(example, str) else " ".join(f"{k}={v}" for k, v in example.items())
        lines += [
            f"{words[each['change']]} ×{each['count']}: {each['before']} → {each['after']}",
            f"  {pick('such as', '例如')} {shown}",
        ]
    if len(changes) > SHOWN:
        lines.append(pick(f"and {len(changes) - SHOWN} kinds more", f"另有 {len(changes) - SHOWN} 类"))
    return lines


def _recorded(args: argparse.Namespace) -> list[dict[str, Any]] | None:
    """What really happened, from the log of the service; None where it was not asked or, unasked, is not there."""
    from answerable.cli.session import session
    from answerable.errors import AnswerableError

    if args.last == 0:
        return None
    try:
        found: list[dict[str, Any]] = session(args).get("/policy/sample", **({"last": args.last} if args.last else {}))
    except AnswerableError as error:
        if args.last:
            raise
        say(f"recorded actions were not looked at: {error.code}", f"未检查已记录的行为：{error.code}")
        return None
    return found


def _described(each: dict[str, Any]) -> Described:
    from answerable.policy.described import read

    return read(each["described"])


def state(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/policy/state")
    lines = [
        f"{pick('digest', '摘要')} {found['digest']}",
        f"{pick('folder', '文件夹')} {found['folder'] or NONE} {found['folder_digest']}",
        *[f"  {name}" for name in found["policies"]],
    ]
    if found["problem"]:
        lines.append(f"{found['problem']}: {found['detail']}")
    emit(args, found, lines)
    return 1 if found["problem"] else 0


def reload(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    found = session(args, AdminRole.OPERATOR).post("/policy/reload", {})
    same, other = pick("nothing changed", "无变化"), pick("another policy is in force", "新策略已生效")
    words = other if found["changed"] else same
    emit(args, found, [f"{words}: {found['state']['digest']}"])
    return 0


def _loaded(folder: str) -> Loaded | None:
    return None if folder == NONE else _load(folder)


def _load(folder: str) -> Loaded:
    from answerable.cedar.folder import read
    from answerable.cedar.loaded import load

    return load(read(Path(folder).expanduser()))


def _as_policies(loaded: Loaded | None) -> tuple[Policy, ...]:
    from answerable.cedar.policy import Cedar

    if loaded is None:
        return ()
    cedar = Cedar()
    cedar.swap(loaded)
    return (cedar,)
