# SPDX-License-Identifier: Apache-2.0
"""`config show` and `config openapi`: the settings with where each comes from, and the control API's description."""

from __future__ import annotations

import argparse
import json
from typing import Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, table

EXAMPLES: Final = """\
  answerable config show --origin             each setting, and whether a flag, the environment or a file set it
  answerable config openapi > control.json    the control plane's API, OpenAPI 3.1
"""


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    show_parser = new_verb("show", "every setting")
    show_parser.add_argument("--origin", action="store_true", help="and where it comes from")
    show_parser.set_defaults(run=show)
    new_verb("openapi", "the control plane's API").set_defaults(run=openapi)


def show(args: argparse.Namespace) -> int:
    from answerable.cli.where import place
    from answerable.config import show as settings

    rows = settings(place(args).loaded)
    head = [pick("SETTING", "设置项"), pick("VALUE", "值"), *([pick("ORIGIN", "来源")] if args.origin else [])]
    cells = [
        [key, json.dumps(value, ensure_ascii=False), *([origin] if args.origin else [])] for key, value, origin in rows
    ]
    emit(args, {key: {"value": value, "origin": origin} for key, value, origin in rows}, table(head, cells))
    return 0


def openapi(args: argparse.Namespace) -> int:
    from answerable.control.openapi import document
    from answerable.control.routes import ROUTES

    print(json.dumps(document(ROUTES), ensure_ascii=False, indent=2))
    return 0
