# SPDX-License-Identifier: Apache-2.0
"""`relay run|pins`: carry orders and pulses to holders near this machine."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, say

EXAMPLES: Final = """\
  answerable relay pins > pins.json                       on the registry's host: the keys that a relay believes
  answerable relay run --pins pins.json --upstream https://registry.example:8401 --port 8402
  answerable relay run --config relay.toml                all of it in [relay], with TLS and a bus
"""
PORT: Final = 8402


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    running = new_verb("run", "follow a control plane or other relays, and tell the holders here")
    running.add_argument("--pins", metavar="FILE", help="the pinned keys; also relay.pins")
    running.add_argument("--upstream", action="append", metavar="URL", help="whom to follow; also relay.upstreams")
    running.add_argument("--ca-file", metavar="FILE", help="PEM of the authority behind its certificate")
    running.add_argument("--bus", metavar="URL", help="postgresql://... or nats://..., where there is one")
    running.add_argument("--host", help="address to bind; loopback if not told")
    running.add_argument("--port", type=int, help=f"{PORT} if not told; 0 takes a free one")
    running.add_argument("--tls-certificate", metavar="FILE")
    running.add_argument("--tls-key", metavar="FILE")
    running.add_argument(
        "--unsafe-bind", action="store_true", default=None, help="bind beyond loopback although there is no TLS here"
    )
    running.set_defaults(run=run)
    keys = new_verb("pins", "the public keys that a relay or holder pins, as the registry has them now")
    keys.set_defaults(run=pins)


def run(args: argparse.Namespace) -> int:
    import asyncio
    import signal

    import msgspec

    from answerable.app.relay_node import read_pins, serve
    from answerable.app.serve import DESCRIPTORS, FILES_A_HOLDER, on_loop, raise_descriptors
    from answerable.cli.where import settings

    flags = {
        "relay.pins": str(Path(args.pins).expanduser().resolve()) if args.pins else None,
        "relay.upstreams": args.upstream,
        "relay.upstream_ca_file": args.ca_file,
        "relay.bus": args.bus,
        "relay.host": args.host,
        "relay.port": args.port,
        "relay.tls_certificate": args.tls_certificate,
        "relay.tls_key": args.tls_key,
        "relay.unsafe_bind": args.unsafe_bind,
    }
    config = settings(args, more=flags).config.relay
    if config.port < 0:
        config = msgspec.structs.replace(config, port=PORT)

    trust, planes = read_pins(Path(config.pins).expanduser())

    async def announce(url: str) -> None:
        emit(args, {"url": url}, [url])
        say("Ctrl-C ends it.", "按 Ctrl-C 结束。")

    async def whole() -> int:
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        raise_descriptors(max(DESCRIPTORS, FILES_A_HOLDER * config.holders))
        await serve(config, trust, planes, announce, ended)
        return 0

    status = on_loop(whole())
    say("Ended.", "已结束。")
    return status


def pins(args: argparse.Namespace) -> int:
    import json

    from answerable.cli.session import session

    told = session(args).get("/pins")
    emit(args, told, [json.dumps(told, indent=2)])
    return 0
