# SPDX-License-Identifier: Apache-2.0
"""`keys`: keys and certificates with which labels are signed. Needs no service where `--party` says the name."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Final

from answerable.cli import label_keys
from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, when

EXAMPLES: Final = """\
  answerable keys c2pa-chain                             a root and a leaf in the operator's name, in the store
  answerable keys label label.key --algorithm ES256      a key for labelling without a service
  answerable keys pins > pins.txt                        whose label keys are whose, for readers elsewhere
  answerable keys c2pa-chain --party "Example Ltd" --out ./c2pa --algorithm es256
"""
FOLDER: Final = "c2pa"


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    label_keys.add(new_verb)
    chain = new_verb("c2pa-chain", "make a root and a leaf certificate that signs C2PA manifests")
    chain.add_argument("--party", metavar="NAME", help="the name in both; default: the operator's, from the service")
    chain.add_argument("--out", metavar="DIR", help="where the four files go; default: c2pa in the store")
    chain.add_argument("--algorithm", choices=("ed25519", "es256"), default="ed25519")
    chain.add_argument("--days", type=int, default=3650, help="how long the leaf is in force; default 3650")
    chain.set_defaults(run=c2pa_chain)


def c2pa_chain(args: argparse.Namespace) -> int:
    from answerable.crypto.issuing import issue, shown
    from answerable.labels.chain import FILES, ROOT, ROOT_KEY, save

    folder = Path(args.out) if args.out else _store(args) / FOLDER
    issued = issue(
        args.party or _operator(args), now_ms=int(time.time() * 1000), days=args.days, algorithm=args.algorithm
    )
    save(issued, folder)
    leaf, root = shown(issued.leaf), shown(issued.root)
    data = {
        "folder": str(folder),
        "files": list(FILES),
        "party": leaf.organisation,
        "algorithm": leaf.algorithm,
        "until": leaf.until_ms,
        "root": root.digest,
    }
    until = when(leaf.until_ms)
    emit(
        args,
        data,
        [
            pick(
                f"Made a chain for {leaf.organisation} in {folder}; its leaf is in force until {until}.",
                f"已在 {folder} 中为 {leaf.organisation} 创建证书链；签名证书有效期至 {until}。",
            ),
            pick(
                f"  Set labels.c2pa to that folder. Publish {ROOT}: readers trust it (sha256 {root.digest}).",
                f"  请将 labels.c2pa 设为该目录。请公布 {ROOT} 供读取方信任（sha256 {root.digest}）。",
            ),
            pick(
                f"  Move {ROOT_KEY} to a place that is not on a network: it is needed for the next leaf alone.",
                f"  请将 {ROOT_KEY} 移至离线处：只有签发下一张证书时才需要它。",
            ),
        ],
    )
    return 0


def _store(args: argparse.Namespace) -> Path:
    from answerable.cli.where import place

    return place(args).store


def _operator(args: argparse.Namespace) -> str:
    """The registered name of the party that `labels.operator` names."""
    from answerable.cli.session import part, session
    from answerable.cli.where import place
    from answerable.errors import Refused

    operator = place(args).config.labels.operator
    if not operator:
        raise Refused("label.chain", detail="no --party, and labels.operator names none")
    return str(session(args).get(f"/parties/{part(operator)}")["party"]["name"])
