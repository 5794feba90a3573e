# SPDX-License-Identifier: Apache-2.0
"""`policy`: what decides, and why. Rules, domains and folders are explained without any service; records and the policy
in force are asked of it."""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from answerable.cli import policy_folder
from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, language, pick, table

if TYPE_CHECKING:
    from answerable.policy.why import Why
    from answerable.ports import Policy

EXAMPLES: Final = """\
  answerable policy explain R004              what the rule means, when it holds, what to do about it
  answerable policy explain D-payment         what a domain of tools asks for
  answerable policy explain RECORD_ID         which rule decided this action
  answerable policy explain domain=payment effect=irreversible tier=2 envelope=true --folder ./policy
  answerable policy explain action.json       an action in JSON or TOML; - reads standard input
  answerable policy ls                        every rule, in the order in which they are tried
  answerable policy worlds                    every domain of tools, and what each asks at least
  answerable policy schema                    what policies in Cedar can see
  answerable policy check ./policy            does the folder load as a whole?
  answerable policy test ./policy             the cases that are kept beside the policies
  answerable policy diff ./policy ./next      what would change, and in which recorded actions
  answerable policy reload                    take the folder as it is now; SIGHUP does so too
"""
# The rule of an open leaf whose action was refused at step 1 (`pipeline.endings`).
BEFORE: Final = "R000"
MAX_ACTION: Final = 1 << 20
_PAIR: Final = re.compile(r"([a-z_]+)=(.*)", re.DOTALL)


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    one = new_verb("explain", "a rule, the rule behind a record, or what would be decided about an action")
    one.add_argument("what_of", metavar="RULE|RECORD_ID|ACTION", nargs="+", help="ACTION: a file, or member=value …")
    where = one.add_mutually_exclusive_group()
    where.add_argument("--folder", metavar="DIR", help="policies in Cedar, beside the kernel's rules")
    where.add_argument("--running", action="store_true", help="ask the service, with the policies in force there")
    one.set_defaults(run=explain)
    new_verb("ls", "every rule").set_defaults(run=ls)
    new_verb("worlds", "every domain of tools").set_defaults(run=domains)
    policy_folder.add(new_verb)


def explain(args: argparse.Namespace) -> int:
    from answerable.formats.saved import record_id

    words: list[str] = args.what_of
    if len(words) == 1:
        if record := record_id(words[0]):
            return _record(args, record)
        if _is_rule(words[0]):
            return _rule(args, words[0])
    return _action(args, words)


def ls(args: argparse.Namespace) -> int:
    from answerable.policy.explain import table as rules

    return _listed(args, rules(language()), pick("RULE", "规则"))


def domains(args: argparse.Namespace) -> int:
    from answerable.policy import worlds
    from answerable.policy.explain import domain

    found = [domain(name, language()) for name in worlds.domains()]
    lines = []
    for each in found:
        lines += [f"{each.rule}: {each.reason}", *[f"  {name}: {', '.join(asks)}" for name, asks in each.when.items()]]
    emit(args, _plain(found), lines)
    return 0


def _listed(args: argparse.Namespace, found: Iterable[Any], name: str) -> int:
    found = list(found)
    head = [name, pick("RULING", "裁决"), pick("WHY", "原因"), pick("IN WORDS", "说明")]
    emit(args, _plain(found), table(head, ([each.rule, each.ruling.value, each.why, each.reason] for each in found)))
    return 0


def _plain(value: Any) -> Any:
    import msgspec

    return msgspec.to_builtins(value)


def _is_rule(word: str) -> bool:
    return bool(re.fullmatch(r"(?i:r\d{1,4}|d-[a-z_]+)|cedar(:[a-z0-9._-]+)?|policy_failed", word))


def _rule(args: argparse.Namespace, rule: str, record: dict[str, Any] | None = None) -> int:
    """A rule of the kernel, a domain's row, or a policy of the folder."""
    from answerable.policy.explain import explain as explanation
    from answerable.policy.why import reason_of

    above = [f"{record['rid']}: {record['leaf']['dec']} {record['leaf'].get('err', '')}".rstrip()] if record else []
    if rule.startswith("cedar") or rule == "policy_failed":
        told = reason_of(rule, _policies(args), language())
        answer = _plain(told) | {"rule": rule}
        lines = [f"{rule}: {told.source}", *_reasons(told.reason, told.remedy), *told.text.splitlines()]
    else:
        found = explanation(rule, language())
        answer = _plain(found)
        when = [f"  {pick('when', '条件')} {name}: {', '.join(values)}" for name, values in found.when.items()]
        lines = [f"{found.rule}: {found.ruling.value} ({found.why})", *_reasons(found.reason, found.remedy), *when]
    if record is not None:
        answer["record"] = record
    emit(args, answer, [*above, *lines])
    return 0


def _reasons(reason: str, remedy: str) -> list[str]:
    return [*([f"  {reason}"] if reason else []), *([f"  → {remedy}"] if remedy else [])]


def _record(args: argparse.Namespace, record: str) -> int:
    decided = _decided(args, record)
    rule = decided["leaf"]["rule"]
    return _refused_before(args, decided) if rule == BEFORE else _rule(args, rule, decided)


def _action(args: argparse.Namespace, words: list[str]) -> int:
    from answerable.policy.described import case, read
    from answerable.policy.why import Why, why

    told = _told(words)
    if args.running:
        import msgspec

        from answerable.cli.session import session

        found = msgspec.convert(session(args).post(f"/policy/explain?lang={language()}", told), Why, strict=False)
    else:
        found = why(case(read(told)), _policies(args), language())
    emit(args, _plain(found), _why(found))
    return 0


def _why(found: Why) -> list[str]:
    final = found.decision
    lines = [
        f"{final.ruling.value}: {final.rule} ({final.why})",
        f"  {pick('from', '出处')} {final.source}",
        *_reasons(final.reason, final.remedy),
    ]
    if final.obligations:
        lines.append(f"  {pick('obliges to', '义务')}: {', '.join(final.obligations)}")
    if found.needs:
        lines.append(f"  {pick('the tool asks for', '该工具要求')}: {', '.join(found.needs)}")
    if found.lacking:
        lines.append(f"  {pick('not there', '缺少')}: {', '.join(found.lacking)}")
    lines += [f"  {layer.by}: {layer.ruling.value} {layer.rule} ({layer.source})" for layer in found.layers]
    return lines


def _told(words: list[str]) -> dict[str, Any]:
    """The description in a file, in JSON on the command line, or as member=value. Raises Refused ``policy.action``,
    Unavailable ``admin.file``."""
    from answerable.cli.where import read_bytes
    from answerable.errors import Refused

    pairs = [_PAIR.fullmatch(word) for word in words]
    try:
        if all(pairs):
            return {pair[1]: _value(pair[2]) for pair in pairs if pair is not None}
        if len(words) != 1:
            raise Refused("policy.action", detail="a rule, a record id, a file, or member=value …")
        text = words[0] if words[0].lstrip().startswith("{") else read_bytes(words[0], MAX_ACTION).decode("utf-8")
        told = tomllib.loads(text) if words[0].endswith(".toml") else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("policy.action", detail=str(error)[:300]) from None
    if not isinstance(told, dict):
        raise Refused("policy.action", detail="not an object")
    return told


def _value(text: str) -> Any:
    """true, false, a number, a list or an object as in JSON; anything else is a text."""
    if text in {"true", "false"} or re.fullmatch(r"\d{1,6}", text) or text[:1] in {"[", "{"}:
        return json.loads(text)
    return text


def _policies(args: argparse.Namespace) -> tuple[Policy, ...]:
    """Those of the folder that was named; else of the one in the settings, where there is one."""
    from answerable.cli.where import place

    folder = getattr(args, "folder", None) or place(args).config.policy.folder
    return policy_folder.policies(folder) if folder else ()


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
