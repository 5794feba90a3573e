# SPDX-License-Identifier: Apache-2.0
"""`pulse init|run|order|key|show`: be the second authority that holders need to go on.

It runs where who holds the registry cannot reach: another machine, another person's account. Holders pin its key; from
then on they act only while it beats, and stop for whatever it says is stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, say, when

EXAMPLES: Final = """\
  answerable pulse init ./pulse                          a key of its own; whom it trusts is asked of the registry here
  answerable pulse init ./pulse --pins pins.json         ... or taken from a file: `GET /control/v1/pins`, carried here
  answerable pulse run ./pulse --from https://cp.example:8404 --to https://cp.example:8404
  answerable pulse run ./pulse --from unix:///var/lib/answerable/control.sock --to /srv/pulse.json --clock same-host
  answerable pulse run ./pulse --from orders.jsonl --to -   offline: orders in a file, pulses on standard output
  answerable pulse order ./pulse order.json              what officers or an authority signed, past the registry
  answerable pulse show pulse.json --pin KID:KEY         what a pulse says, and whether it is genuine
"""


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    made = new_verb("init", "a new pulse: its folder, its key, and whose word it takes")
    _folder(made)
    made.add_argument("--name", default="", help="how it calls itself; made from the registry's name if not told")
    made.add_argument("--pins", type=Path, metavar="FILE", help="whose word it takes; the registry here if not told")
    made.set_defaults(run=init)
    beating = new_verb("run", "beat until Ctrl-C")
    _folder(beating)
    beating.add_argument(
        "--from", action="append", default=[], dest="sources", metavar="WHERE",
        help="learns of orders there: https:// of a holders' plane, unix:/// of a control plane, or a file, one a line",
    )  # fmt: skip
    beating.add_argument(
        "--to", action="append", default=[], metavar="WHERE",
        help="brings each beat there: https://, unix:///, a file that is replaced, or - for standard output",
    )  # fmt: skip
    beating.add_argument("--every", type=float, default=3.0, metavar="S", help="seconds between two beats; 3")
    beating.add_argument("--valid-for", type=float, default=15.0, metavar="S", help="how long a beat counts; 15")
    beating.add_argument(
        "--clock", choices=("ntp", "same-host"), default="ntp",
        help="ntp: beats only while the kernel says that the clock is synchronised; same-host: all holders are here",
    )  # fmt: skip
    beating.add_argument("--listen", default="", metavar="HOST:PORT", help="answer holders and officers here too")
    beating.add_argument("--name", action="append", default=[], metavar="HOST", help="a host name that is answered too")
    beating.add_argument("--tls-certificate", type=Path, metavar="FILE")
    beating.add_argument("--tls-key", type=Path, metavar="FILE")
    beating.add_argument("--unsafe-bind", action="store_true", help="listen beyond loopback although there is no TLS")
    beating.add_argument("--ca-file", default="", metavar="FILE", help="authority behind the planes' certificates")
    beating.set_defaults(run=run)
    giving = new_verb("order", "give it an order that officers or an authority signed")
    _folder(giving)
    giving.add_argument("files", nargs="+", type=Path, metavar="FILE", help="order messages (docs/spec/order.md)")
    giving.set_defaults(run=order)
    keyed = new_verb("key", "what holders pin")
    _folder(keyed)
    keyed.set_defaults(run=key)
    shown = new_verb("show", "what a pulse says")
    shown.add_argument("file", type=Path, metavar="FILE")
    shown.add_argument("--pin", action="append", default=[], required=True, metavar="KID:KEY")
    shown.set_defaults(run=show)


def _folder(parser: Parser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="the pulse's folder")


def init(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.app.pulse_folder import Pins, PulseFolder
    from answerable.errors import Refused

    if args.pins is not None:
        try:
            told = msgspec.json.decode(args.pins.read_bytes(), type=Pins)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Refused("config.value", detail=f"{args.pins}: {error}") from None
    else:
        from answerable.cli.session import session
        from answerable.model.terms import AdminRole

        told = msgspec.convert(session(args, AdminRole.VIEWER).get("/pins"), Pins)
    name = args.name or f"spiffe://{told.origin.partition('/')[0]}/pulse/main"
    folder = PulseFolder.create(args.folder, name, told)
    _pin(args, folder)
    return 0


def key(args: argparse.Namespace) -> int:
    from answerable.app.pulse_folder import PulseFolder

    _pin(args, PulseFolder(args.folder))
    return 0


def _pin(args: argparse.Namespace, folder: Any) -> None:
    trusted = folder.trust
    emit(
        args,
        {
            "folder": str(args.folder),
            "name": folder.iss,
            "pin": folder.pin,
            "origin": trusted.origin,
            "officers": len(trusted.officers),
            "authorities": len(trusted.authorities),
        },
        [
            pick("Holders pin it, under [pulse] in their configuration:", "持有者在配置的 [pulse] 中固定："),
            f'keys = ["{folder.pin}"]',
            pick(
                f"It takes orders by the issuer of {trusted.origin}, {len(trusted.officers)} officers and "
                f"{len(trusted.authorities)} keys of authorities.",
                f"接受 {trusted.origin} 签发者、{len(trusted.officers)} 名责任官员及 "
                f"{len(trusted.authorities)} 个监管机构密钥的命令。",
            ),
        ],
    )


def run(args: argparse.Namespace) -> int:
    import asyncio
    import signal

    from answerable.admission.clocks import ClockMode
    from answerable.app.clock import SystemClock
    from answerable.app.pulse_folder import PulseFolder
    from answerable.app.pulsing import Beater
    from answerable.app.pulsing import run as beat

    ways = _ways(args)
    folder = PulseFolder(args.folder)
    folder.lock()
    clock = SystemClock()
    valid_for = round(args.valid_for * 1000)
    beater = Beater(folder, clock, valid_for_ms=valid_for, mode=ClockMode(args.clock))

    def announce(url: str) -> None:
        if "-" not in args.to:  # standard output is for pulses then
            emit(args, {"pin": folder.pin, "url": url}, [url] if url else [])
        say(f"{folder.iss} beats every {args.every:g} s, each good for {args.valid_for:g} s. Ctrl-C ends it.",
            f"{folder.iss} 每 {args.every:g} 秒发出脉冲，各有效 {args.valid_for:g} 秒。按 Ctrl-C 结束。")  # fmt: skip

    async def whole() -> None:
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await beat(beater, ways, clock, ended, announce)

    asyncio.run(whole())
    say("Ended: holders that need this pulse stop now.", "已结束：依赖此脉冲的持有者即将停止。")
    return 0


def _ways(args: argparse.Namespace) -> Any:
    """Raises Refused ``admin.request`` for what makes no pulse."""
    from answerable.admission.pulse import MAX_VALID_MS
    from answerable.app.pulse_plane import Listen
    from answerable.app.pulsing import Ways
    from answerable.errors import Refused

    if not 0.1 <= args.every < args.valid_for <= MAX_VALID_MS / 1000:
        raise Refused("admin.request", detail=f"0.1 <= --every < --valid-for <= {MAX_VALID_MS // 1000}")
    listen = None
    if args.listen:
        host, _, port = args.listen.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65_535:
            raise Refused("admin.request", detail="--listen is not HOST:PORT")
        listen = Listen(
            host.strip("[]"),
            int(port),
            names=tuple(args.name),
            certificate=args.tls_certificate,
            key=args.tls_key,
            unsafe=args.unsafe_bind,
        )
    if not args.to and listen is None:
        raise Refused("admin.request", detail="neither --to nor --listen: nobody would hear it")
    return Ways(
        relays=tuple(each for each in args.sources if each.startswith(("http://", "https://"))),
        sockets=tuple(each for each in args.sources if each.startswith("unix:")),
        files=tuple(Path(each) for each in args.sources if not each.startswith(("http://", "https://", "unix:"))),
        out=tuple(each for each in args.to if not each.startswith(("http://", "https://", "unix:"))),
        posts=tuple(each for each in args.to if each.startswith(("http://", "https://", "unix:"))),
        listen=listen,
        ca_file=args.ca_file,
        every_ms=round(args.every * 1000),
    )


def order(args: argparse.Namespace) -> int:
    """Checked here by the pulse's own pins, so that who gives it hears at once what is wrong with it."""
    from answerable.admission import orders
    from answerable.app.pulse_folder import PulseFolder
    from answerable.errors import Refused

    folder = PulseFolder(args.folder)
    given: list[dict[str, Any]] = []
    for path in args.files:
        try:
            data = path.read_bytes().rstrip(b"\n")
        except OSError as error:
            raise Refused("admin.request", detail=f"{path}: {error.strerror}") from None
        told = orders.read(data, folder.trust)
        folder.give(data)
        given.append({"order": told.stop.rid, "kind": told.stop.kind, "by": told.by})
    emit(
        args,
        {"given": given},
        [
            pick(
                f"Given: {each['kind']} {each['order']}, by {each['by']}. It is in the next beat.",
                f"已提交：{each['kind']} {each['order']}（{each['by']}）。下一次脉冲即包含。",
            )
            for each in given
        ],
    )
    return 0


def show(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.admission import pulse
    from answerable.admission.trust import Trust
    from answerable.app.beating import pinned
    from answerable.config import PulseConfig
    from answerable.errors import Refused

    keys = pinned(PulseConfig(keys=tuple(args.pin)))
    try:
        data = args.file.read_bytes().rstrip(b"\n")
        origin = str(msgspec.json.decode(data)["origin"])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, TypeError, KeyError) as error:
        raise Refused("admin.request", detail=f"{args.file}: {error}") from None
    beat = pulse.read(data, Trust(origin, pulses=keys))
    emit(
        args,
        {
            "iss": beat.iss,
            "origin": beat.origin,
            "seq": beat.seq,
            "at": beat.at,
            "valid_for": beat.valid_for,
            "epoch": beat.epoch,
            "stop_root": beat.stop_root,
            "orders": len(beat.delta),
        },
        [
            pick(
                f"Genuine: {beat.iss} of {beat.origin}, number {beat.seq}, {when(beat.at)}, good until "
                f"{when(beat.at + beat.valid_for)}.",
                f"真实：{beat.origin} 的 {beat.iss}，序号 {beat.seq}，{when(beat.at)}，有效至 "
                f"{when(beat.at + beat.valid_for)}。",
            ),
            pick(
                f"It knows {beat.epoch} changes of the stop set and carries {len(beat.delta)} orders.",
                f"已知终止集的 {beat.epoch} 次变更，携带 {len(beat.delta)} 条命令。",
            ),
        ],
    )
    return 0
