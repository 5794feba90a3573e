# SPDX-License-Identifier: Apache-2.0
"""argparse as this command line uses it: help leads with examples, and every verb takes the same few options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, Final

from answerable.cli.talk import pick
from answerable.cli.verbs import GROUPS, VERBS

FIRST: Final = """\
  answerable demo                                  a real model, registered, labelled, recorded
  answerable who reply.json                        which party answers for this reply, with proof
  answerable stop base-model --reason "..." --dry-run
"""


class Parser(argparse.ArgumentParser):
    """examples: lines of ``command    what it does``, shown before the usage."""

    def __init__(self, *args: Any, examples: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)
        self.examples = examples
        self._mixing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Files of a verb that takes several may stand before its options, behind them and between them."""
        several = any(each.nargs in ("+", "*") for each in self._get_positional_actions())
        if self._mixing or not several:
            return super().parse_known_args(args, namespace)
        self._mixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixing = False

    def format_help(self) -> str:
        text = super().format_help()
        if not self.examples:
            return text
        return f"{pick('examples', '示例')}:\n{self.examples.rstrip()}\n\n{text}"


def common() -> Parser:
    """Options that each verb takes, before or after its name."""
    options = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = options.add_argument_group("everywhere")
    group.add_argument("--json", action="store_true", help="one JSON document on stdout")
    group.add_argument("--store", metavar="DIR", help="the store; also ANSWERABLE_STORE_PATH")
    group.add_argument("--config", metavar="FILE", help="settings in TOML; also ANSWERABLE_CONFIG")
    group.add_argument(
        "--as",
        dest="who",
        metavar="PERSON",
        action="append",
        help="whose key signs: a name or a card's path; also ANSWERABLE_AS",
    )
    return options


NewVerb = Callable[..., "Parser"]
"""(name, help) -> the parser of a verb's own verb."""


def children(parser: Parser, dest: str = "what") -> NewVerb:
    """For a verb with verbs of its own: a function (name, help) -> the parser of one, with the same common options."""
    names: list[str] = []
    verbs = parser.add_subparsers(dest=dest, required=True, parser_class=Parser, metavar="VERB")

    def new(name: str, words: str) -> Parser:
        names.append(name)
        verbs.metavar = "|".join(names)
        return verbs.add_parser(name, help=words, description=words, parents=[common()])

    return new


def overview() -> str:
    """What `answerable --help` prints. No verb is loaded for it."""
    width = max(map(len, VERBS)) + 2
    out = [
        pick("answerable: every AI action answers to someone.", "answerable：每个 AI 行为都有人负责。"),
        "",
        pick("examples:", "示例："),
        FIRST.rstrip(),
    ]
    for group in GROUPS:
        out += ["", pick(group.english, group.chinese) + ":"]
        out += [f"  {verb.name:<{width}}{pick(verb.english, verb.chinese)}" for verb in group.verbs]
    out += [
        "",
        pick(
            "everywhere: --json --store DIR --config FILE --as PERSON",
            "通用：--json --store 目录 --config 文件 --as 人员",
        ),
        pick(
            "exit status: 0 yes, 1 no, 2 usage, 3 not found, 4 could not check, 5 conflict",
            "退出状态：0 是，1 否，2 用法错误，3 未找到，4 无法核验，5 冲突",
        ),
        pick("`answerable VERB --help` for each.", "各动词详见 `answerable 动词 --help`。"),
    ]
    return "\n".join(out)
