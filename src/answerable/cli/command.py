# SPDX-License-Identifier: Apache-2.0
"""From an argument vector to an exit status: finds the verb, loads its module alone, tells errors in one way."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import answerable
from answerable.cli.parser import Parser, common, overview
from answerable.cli.talk import fail, pick
from answerable.cli.verbs import VERBS
from answerable.errors import AnswerableError, Unavailable

USAGE: Final = 2
COULD_NOT: Final = 4
INTERRUPTED: Final = 130
_VALUED: Final = frozenset({"--store", "--config", "--as"})


def run(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    verb = verb_of(words)
    if verb is None:
        return _without_verb(words)
    command: list[str] = []
    if verb in ("copy", "guard") and "--" in words:
        cut = words.index("--")
        words, command = words[:cut], words[cut + 1 :]
    try:
        args = tree((verb,)).parse_args(words)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    for name, value in (("json", False), ("store", None), ("config", None), ("who", None)):
        if not hasattr(args, name):
            setattr(args, name, value)
    args.command = command
    return _carry_out(args)


def tree(verbs: Sequence[str]) -> Parser:
    """The parser with these verbs' modules loaded; the others are known by name alone."""
    shared = common()
    parser = Parser(prog="answerable", parents=[shared], add_help=False)
    named = "{" + ",".join(VERBS) + "}"
    choices = parser.add_subparsers(dest="verb", required=True, parser_class=Parser, metavar=named)
    for name, verb in VERBS.items():
        if name in verbs:
            summary = pick(verb.english, verb.chinese)
            each = choices.add_parser(name, help=summary, description=summary, parents=[shared])
            import_module(f"answerable.cli.{verb.module}").add(each)
    return parser


def verb_of(words: Sequence[str]) -> str | None:
    """The first word that is a verb and not an option's value; None if the first word that is neither is no verb."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in _VALUED:
            skip = True
        elif not word.startswith("-"):
            return word if word in VERBS else None
        elif word in ("-h", "--help", "--version"):
            return None
    return None


def _without_verb(words: Sequence[str]) -> int:
    if "--version" in words:
        print(answerable.__version__)
        return 0
    asked = "-h" in words or "--help" in words
    stray = next((word for word in words if not word.startswith("-")), "")
    if stray and not asked:
        from difflib import get_close_matches

        near = ", ".join(get_close_matches(stray, VERBS, 3))
        hint = pick(f" Did you mean {near}?", f"您是否想用 {near}？") if near else ""
        print(pick(f"There is no verb {stray}.", f"没有动词 {stray}。") + hint, file=sys.stderr)
        return USAGE
    print(overview(), file=sys.stdout if asked else sys.stderr)
    return 0 if asked else USAGE


def _carry_out(args: argparse.Namespace) -> int:
    try:
        status: int = args.run(args)
        sys.stdout.flush()
        return status
    except AnswerableError as error:
        return fail(args, error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our data went away (`| head`): nothing is wrong, and nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("ANSWERABLE_DEBUG"):
            raise
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place is not None else "?"
        fail(args, Unavailable("internal.error", incident=f"{type(error).__name__} at {where}"))
        return COULD_NOT
