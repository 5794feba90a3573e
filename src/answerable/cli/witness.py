# SPDX-License-Identifier: Apache-2.0
"""`witness init|watch|serve|show|evidence`: be a witness of other people's logs (C2SP tlog-witness)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, say, when

EXAMPLES: Final = """\
  answerable witness init ./witness --name witness.example.com     two keys; prints what logs put into their policy
  answerable witness watch ./witness LOG_VKEY                      watch a log, while it serves too
  answerable witness serve ./witness --port 8403                   be asked; loopback if not told otherwise
  answerable witness show ./witness                                what it has seen of each log
  answerable witness evidence ./witness                            logs that contradicted themselves
"""
PORT: Final = 8403


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    made = new_verb("init", "a new witness: its folder and its keys")
    _folder(made)
    made.add_argument("--name", required=True, help="how it signs: a name of yours without scheme, as in the example")
    made.set_defaults(run=init)
    watching = new_verb("watch", "watch a log, or a further key of one")
    _folder(watching)
    watching.add_argument("vkey", metavar="LOG_VKEY", help="as it stands in the log's trust file")
    watching.add_argument("url", nargs="?", default="", metavar="URL", help="where the log can be read; kept as a note")
    watching.set_defaults(run=watch)
    serving = new_verb("serve", "answer logs that ask for a cosignature")
    _folder(serving)
    serving.add_argument("--host", default="127.0.0.1", help="address to bind; loopback if not told")
    serving.add_argument("--port", type=int, default=PORT, help=f"{PORT} if not told; 0 takes a free one")
    serving.add_argument("--name", action="append", default=[], metavar="HOST", help="a host name that is answered too")
    serving.add_argument("--tls-certificate", type=Path, metavar="FILE")
    serving.add_argument("--tls-key", type=Path, metavar="FILE")
    serving.add_argument(
        "--unsafe-bind", action="store_true", help="bind beyond loopback although there is no TLS here"
    )
    serving.set_defaults(run=serve)
    showing = new_verb("show", "its keys, and what it has seen of each log")
    _folder(showing)
    showing.set_defaults(run=show)
    accusing = new_verb("evidence", "pairs of checkpoints by which a log contradicted itself")
    _folder(accusing)
    accusing.set_defaults(run=evidence)


def _folder(parser: Parser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="the witness's folder")


def init(args: argparse.Namespace) -> int:
    from answerable.witness.files import Folder

    one, other = Folder.create(args.folder, args.name).keys().verifiers
    emit(
        args,
        {"folder": str(args.folder), "name": args.name, "vkeys": [str(one), str(other)]},
        [
            pick(
                "A log puts one of these into its policy file, as `witness NAME VKEY`. ML-DSA-44, the better one:",
                "日志在其策略文件中以 `witness 名称 VKEY` 写入其中之一。ML-DSA-44，首选：",
            ),
            str(other),
            pick("Ed25519, for those that know nothing else:", "Ed25519，供只支持它的一方使用："),
            str(one),
        ],
    )
    return 0


def watch(args: argparse.Namespace) -> int:
    from answerable.witness.files import Folder

    logs = Folder(args.folder).watch(args.vkey, args.url)
    names = sorted({key.name for key in logs.logs})
    emit(args, {"logs": names}, names)
    return 0


def serve(args: argparse.Namespace) -> int:
    import asyncio
    import signal

    from answerable.app.witnessing import serve as run
    from answerable.witness.witness import Witness

    async def announce(url: str, witness: Witness) -> None:
        emit(args, {"url": url, "name": witness.keys.name, "logs": sorted(witness.logs)}, [url])
        say("Ctrl-C ends it.", "按 Ctrl-C 结束。")

    async def whole() -> None:
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await run(
            args.folder,
            args.host,
            args.port,
            announce,
            ended,
            hosts=args.name,
            certificate=args.tls_certificate,
            key=args.tls_key,
            unsafe=args.unsafe_bind,
        )

    asyncio.run(whole())
    say("Ended.", "已结束。")
    return 0


def show(args: argparse.Namespace) -> int:
    from answerable.witness.files import Folder

    folder = Folder(args.folder)
    logs = folder.logs().logs
    origins = dict.fromkeys(key.name for key in logs)
    rows = {each: folder.seen(each, tuple(key for key in logs if key.name == each))[1] for each in origins}
    vkeys = [str(key) for key in folder.keys().verifiers]
    found = [
        {"origin": origin, "size": head.size if head else 0, "root": head.root.hex() if head else ""}
        for origin, head in rows.items()
    ]
    emit(
        args,
        {"vkeys": vkeys, "logs": found},
        [*vkeys, *(f"{row['size']:>12}  {row['origin']}  {row['root']}".rstrip() for row in found)],
    )
    return 0


def evidence(args: argparse.Namespace) -> int:
    from answerable.errors import VerificationError
    from answerable.witness.evidence import kept
    from answerable.witness.files import Folder

    folder = Folder(args.folder)
    logs = folder.logs().logs
    found: list[dict[str, Any]] = []
    lines: list[str] = []
    for path, entry in kept(folder.path / "evidence"):
        try:
            entry.check(logs)
            sound = True
        except VerificationError:
            sound = False
        try:
            heads = [f"{head.size}  {head.root.hex()}" for head in entry.heads]
        except VerificationError as error:  # one file that somebody changed hides none beside it
            heads = [error.code, error.code]
        found.append(
            {
                "file": str(path),
                "origin": entry.origin,
                "at": entry.at,
                "conclusive": entry.conclusive,
                "verified": sound,
                "seen": entry.seen,
                "shown": entry.shown,
            }
        )
        lines += [
            f"{when(entry.at)}  {entry.origin}  {path}",
            f"  {pick('cosigned', '已联署')}  {heads[0]}",
            f"  {pick('then shown', '随后出示')}  {heads[1]}",
            "  " + _verdict(entry.conclusive, sound),
        ]
    emit(args, found, lines or [pick("None.", "无。")])
    return 1 if found else 0


def _verdict(conclusive: bool, sound: bool) -> str:
    if not sound:
        return pick("its signatures do not verify: somebody changed the file", "签名验证不通过：文件被改动")
    if conclusive:
        return pick(
            "one size, two roots, both signed by the log: it showed two faces",
            "同一大小、两个根，均由该日志签名：它展示了两副面孔",
        )
    return pick(
        "the proof between them did not hold: compare with the log's tiles or a mirror",
        "两者之间的证明不成立：请与日志的分片或镜像比对",
    )
