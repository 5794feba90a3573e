# SPDX-License-Identifier: Apache-2.0
"""`log root` and `log join`: one log over several, and the proof that leads from a receipt into it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from answerable.cli.every import seconds
from answerable.cli.log_mirror import add_source_options, trust_of
from answerable.cli.parser import NewVerb, Parser
from answerable.cli.talk import emit, pick, say

ROOT: Final = """\
  answerable log root --store ./root --origin root.example.com --trust shards.txt \\
      --shard https://one.example.com/log --shard ./published-two
  answerable log serve --store ./root          beside it, for those who read the root log
"""
JOIN: Final = """\
  answerable log join reply.tlog --shard https://one.example.com/log --root https://root.example.com/ --trust root.txt
"""
MAX_RECEIPT: Final = 32 << 20


def add(new_verb: NewVerb) -> None:
    parser: Parser = new_verb("root", "record what several logs publish in one log over them")
    parser.examples = ROOT
    parser.add_argument("--origin", metavar="NAME", help="make the root log under this name if it is not there")
    parser.add_argument(
        "--shard", action="append", required=True, metavar="SOURCE", help="folder or address of a log; once for each"
    )
    add_source_options(parser)
    parser.add_argument("--every", type=seconds, default=1.0, metavar="1s", help="how often each is looked at")
    parser.add_argument("--once", action="store_true", help="one look at each, then end")
    parser.set_defaults(run=root)
    join_parser: Parser = new_verb("join", "add to a receipt the proof that a root log recorded its log")
    join_parser.examples = JOIN
    join_parser.add_argument("receipt", type=Path, metavar="FILE")
    join_parser.add_argument("--shard", required=True, metavar="SOURCE", help="the receipt's own log")
    join_parser.add_argument("--root", required=True, metavar="SOURCE", help="the root log")
    join_parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="where to write; over FILE if not told")
    add_source_options(join_parser)
    join_parser.set_defaults(run=join)


def root(args: argparse.Namespace) -> int:
    import asyncio
    import signal

    from answerable.app.rooting import Root, create_root, open_root
    from answerable.cli.where import settings
    from answerable.errors import Refused
    from answerable.net.source import open_source

    trust = trust_of(args)
    config = settings(args).config
    sources = [open_source(text, ca_file=args.ca_file) for text in args.shard]

    def told(origin: str, size: int) -> None:
        if args.json:
            print(json.dumps({"origin": origin, "size": size}), flush=True)
        else:
            print(pick(f"{origin}: {size} leaves recorded", f"{origin}：已记录 {size} 条叶子"), flush=True)

    async def run() -> int:
        path = config.store_path
        fresh = args.origin and not (path.is_dir() and any(path.iterdir()))
        core = await (create_root(config, args.origin) if fresh else open_root(config))
        try:
            if args.origin and core.origin != args.origin:
                raise Refused("config.value", detail=f"{path} is the root log {core.origin}")
            made = Root(core, sources, trust, told)
            if args.once:
                await made.round()
            else:
                ended = asyncio.Event()
                for number in (signal.SIGINT, signal.SIGTERM):
                    asyncio.get_running_loop().add_signal_handler(number, ended.set)
                say("Recording; Ctrl-C ends it.", "正在记录；按 Ctrl-C 结束。")
                await made.run(args.every, ended)
            for name, error in made.ailing.items():
                say(f"{name}: {error}", f"{name}：{error.code}：{error.reason('zh')}")
            return max((error.exit for error in made.ailing.values()), default=0)
        finally:
            await core.close()
            for source in sources:
                source.close()

    return asyncio.run(run())


def join(args: argparse.Namespace) -> int:
    from answerable.errors import Unavailable
    from answerable.log import checkpoint, receipt
    from answerable.net.source import open_source
    from answerable.tiles.joining import join as make

    try:
        with args.receipt.open("rb") as file:
            found = receipt.parse(file.read(MAX_RECEIPT + 1))
    except OSError as error:
        detail = error.strerror or "I/O error"
        raise Unavailable("source.unreachable", source=str(args.receipt), detail=detail) from None
    shard, root_log = (open_source(text, ca_file=args.ca_file) for text in (args.shard, args.root))
    try:
        head = checkpoint.parse(found.checkpoint)[0]
        joint = make(head, shard, root_log, trust_of(args))
    finally:
        shard.close()
        root_log.close()
    data = receipt.build(found.record, found.leaves, found.disclosures, found.checkpoint, root=joint)
    out = args.out or args.receipt
    fresh = out.with_name(out.name + ".new")
    try:
        fresh.write_bytes(data)
        fresh.replace(out)
    except OSError as error:
        raise Unavailable("source.written", folder=str(out), detail=error.strerror or "I/O error") from None
    over = checkpoint.parse(joint.note)[0]
    emit(
        args,
        {"receipt": str(out), "root": over.origin, "size": over.size, "index": joint.index},
        [
            pick(
                f"{out}: {head.origin} stands in {over.origin}, at {joint.index} of {over.size}.",
                f"{out}：{head.origin} 已记录于 {over.origin}，位于第 {joint.index} 条（共 {over.size} 条）。",
            )
        ],
    )
    return 0
