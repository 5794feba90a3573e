# SPDX-License-Identifier: Apache-2.0
"""`log publish` and `log mirror`: our log, or somebody's, as a folder that any web server can serve."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from answerable.cli.every import add_every, repeat
from answerable.cli.log_serve import add_cosigned
from answerable.cli.parser import NewVerb, Parser
from answerable.cli.talk import emit, pick
from answerable.errors import Unavailable
from answerable.log.trust import Trust, parse
from answerable.net.source import Source

PUBLISH: Final = """\
  answerable log publish /srv/www/log                 once
  answerable log publish /srv/www/log --every 1s      until Ctrl-C
"""
MIRROR: Final = """\
  answerable log mirror https://log.example.com/ ./mirror --trust trust.txt
  answerable log mirror ./published ./mirror --trust trust.txt --every 10s
"""
MAX_TRUST: Final = 1 << 20


def add(new_verb: NewVerb) -> None:
    publish_parser: Parser = new_verb("publish", "the log as static files: tiles first, then the checkpoint")
    publish_parser.examples = PUBLISH
    publish_parser.add_argument("folder", type=Path, metavar="DIR")
    publish_parser.add_argument(
        "--minimum-index", type=int, default=0, metavar="N", help="leave out what ends below leaf N (pruning)"
    )
    add_cosigned(publish_parser)
    publish_parser.set_defaults(run=publish)
    mirror_parser: Parser = new_verb("mirror", "a verified copy of a log, kept up to date")
    mirror_parser.examples = MIRROR
    mirror_parser.add_argument("source", metavar="SOURCE", help="folder or http(s) address of a log")
    mirror_parser.add_argument("folder", type=Path, metavar="DIR")
    add_source_options(mirror_parser)
    mirror_parser.set_defaults(run=mirror)
    for each in (publish_parser, mirror_parser):
        each.add_argument("--keep-partial", action="store_true", help="keep partial tiles although full ones are there")
        add_every(each, "again each so often; once if not told")


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """What is needed to read somebody's log: whose keys are believed, and under which authorities its address is."""
    parser.add_argument("--trust", type=Path, metavar="FILE", help="trust file; this store's own if not told")
    parser.add_argument("--ca-file", default="", metavar="FILE", help="PEM of the authorities for an https address")


def trust_of(args: argparse.Namespace) -> Trust:
    """The named trust file, else the store's. Raises VerificationError ``log.trust``, Unavailable."""
    from answerable.cli.where import place

    if args.trust is None:
        return place(args).trust()
    try:
        return parse(args.trust.read_bytes()[:MAX_TRUST])
    except OSError as error:
        detail = error.strerror or "I/O error"
        raise Unavailable("source.unreachable", source=str(args.trust), detail=detail) from None


def publish(args: argparse.Namespace) -> int:
    from answerable.app import tiling
    from answerable.cli.where import place

    here = place(args)
    # Our own log is published before its witnesses have seen it: their cosignatures come with a later checkpoint.
    trust = Trust(here.trust().logs)
    source = tiling.live(here.config, minimum=max(0, args.minimum_index), cosigned=args.cosigned)
    return _copy(args, source, trust)


def mirror(args: argparse.Namespace) -> int:
    from answerable.net.source import open_source

    return _copy(args, open_source(args.source, ca_file=args.ca_file), trust_of(args))


def _copy(args: argparse.Namespace, source: Source, trust: Trust) -> int:
    from answerable.tiles.mirror import Mirror

    copier = Mirror(source, args.folder, trust, keep_partial=args.keep_partial)
    told = -1

    def work() -> None:
        nonlocal told
        done = copier.update()
        if done.size == told:
            return
        told = done.size
        emit(
            args,
            {
                "origin": done.origin, "size": done.size, "before": done.before, "files": done.files,
                "folder": str(args.folder),
            },
            [
                pick(
                    f"{args.folder}: {done.size} leaves of {done.origin}, {done.size - done.before} of them new.",
                    f"{args.folder}：{done.origin} 共 {done.size} 条叶子，新增 {done.size - done.before} 条。",
                )
            ],
        )  # fmt: skip

    try:
        repeat(work, args.every, lambda line: print(line, file=sys.stderr, flush=True))
    finally:
        source.close()
    return 0
