# SPDX-License-Identifier: Apache-2.0
"""`docs/reference/cli.md`: verbs, examples and arguments, from the parser: page and program cannot differ."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from answerable.cli.command import tree
from answerable.cli.parser import Parser, overview
from answerable.cli.verbs import VERBS

_COMMON: Final = frozenset({"-h", "--json", "--store", "--config", "--as"})


def page() -> str:
    """The page, in English, whatever language and terminal it is made in."""
    with _english():
        out = ["# Command line", "", "```", overview(), "```"]
        for path, parser in _walk(tree(tuple(VERBS)), ""):
            out += ["", f"{'#' * (1 + len(path.split()))} {path}", "", f"{_sentence(parser.description or '')}"]
            if isinstance(parser, Parser) and parser.examples:
                out += ["", "```", parser.examples.rstrip(), "```"]
            if arguments := [_argument(action) for action in parser._actions if not _common(action)]:
                out += ["", *arguments]
    return "\n".join(out) + "\n"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _common(action: argparse.Action) -> bool:
    return isinstance(action, argparse._SubParsersAction) or not _COMMON.isdisjoint(action.option_strings)


def _argument(action: argparse.Action) -> str:
    """One argument, written by ourselves: how argparse lays help out differs from version to version."""
    shown = str(action.metavar or (action.dest.upper() if action.nargs != 0 else ""))
    if action.choices is not None:
        shown = "|".join(str(choice) for choice in action.choices)
    names = ", ".join(action.option_strings)
    form = f"{names} {shown}".strip() if action.nargs != 0 else names
    needed = "" if action.required or (not action.option_strings and action.nargs != "?") else " (optional)"
    return f"- `{form}`{needed}" + (f": {action.help}" if action.help else "")


def _walk(parser: argparse.ArgumentParser, path: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    if path:
        yield path, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield from _walk(child, f"{path} {name}".strip())


@contextmanager
def _english() -> Iterator[None]:
    before = os.environ.get("ANSWERABLE_LANG")
    os.environ["ANSWERABLE_LANG"] = "en"
    try:
        yield
    finally:
        if before is None:
            del os.environ["ANSWERABLE_LANG"]
        else:
            os.environ["ANSWERABLE_LANG"] = before
