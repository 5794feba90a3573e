# SPDX-License-Identifier: Apache-2.0
"""`log serve`: the log over HTTP, read only (C2SP tlog-tiles)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from answerable.cli.parser import NewVerb, Parser
from answerable.cli.talk import emit, pick, say

EXAMPLES: Final = """\
  answerable log serve                              this store's log, on loopback
  answerable log serve ./mirror --port 8402         a mirror's folder
  answerable log serve --host 0.0.0.0 --tls-certificate c.pem --tls-key k.pem --name log.example.com
"""
PORT: Final = 8401


def add(new_verb: NewVerb) -> None:
    parser: Parser = new_verb("serve", "the log over HTTP, read only; who can reach the address can read all leaves")
    parser.examples = EXAMPLES
    parser.add_argument("folder", nargs="?", metavar="DIR", help="a published or mirrored folder instead of the store")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind; loopback if not told")
    parser.add_argument("--port", type=int, default=PORT, help=f"{PORT} if not told; 0 takes a free one")
    parser.add_argument("--name", action="append", default=[], metavar="HOST", help="a host name that is answered too")
    parser.add_argument("--tls-certificate", type=Path, metavar="FILE")
    parser.add_argument("--tls-key", type=Path, metavar="FILE")
    parser.add_argument("--unsafe-bind", action="store_true", help="bind beyond loopback although there is no TLS here")
    parser.add_argument(
        "--minimum-index", type=int, default=0, metavar="N", help="withhold what ends below leaf N (pruning)"
    )
    add_cosigned(parser)
    parser.set_defaults(run=serve)


def add_cosigned(parser: argparse.ArgumentParser) -> None:
    """The option `--cosigned`: what readers need whose trust file demands witnesses."""
    words = "only as far as a quorum of this log's witnesses has cosigned it"
    parser.add_argument("--cosigned", action="store_true", help=words)


def serve(args: argparse.Namespace) -> int:
    import asyncio
    import signal

    from answerable.app import tiling
    from answerable.cli.where import place
    from answerable.net.source import Folder, Source

    source: Source = (
        Folder(Path(args.folder))
        if args.folder
        else tiling.live(place(args).config, minimum=max(0, args.minimum_index), cosigned=args.cosigned)
    )

    async def announce(url: str) -> None:
        emit(args, {"url": url, "source": source.name}, [url])
        say("Ctrl-C ends it.", "按 Ctrl-C 结束。")

    async def run() -> None:
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await tiling.serve(
            source,
            args.host,
            args.port,
            announce,
            ended,
            hosts=args.name,
            certificate=args.tls_certificate,
            key=args.tls_key,
            unsafe=args.unsafe_bind,
        )

    try:
        asyncio.run(run())
    finally:
        source.close()
    say(pick("Ended.", "已结束。"), "已结束。")
    return 0
