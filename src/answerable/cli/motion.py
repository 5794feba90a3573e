# SPDX-License-Identifier: Apache-2.0
"""Limits of motion, addresses of machines, and what people carry to them, as a command line takes them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from answerable.cli.parser import Parser
from answerable.errors import Refused, VerificationError
from answerable.model.envelopes import Motion, Zone


def add_limits(parser: Parser, *, required: bool) -> None:
    group = parser.add_argument_group("limits of motion")
    group.add_argument(
        "--area", metavar="X0,X1,Y0,Y1", action="append", default=[], required=required, help="it stays in here; mm"
    )
    group.add_argument("--keep-out", metavar="X0,X1,Y0,Y1", action="append", default=[], help="a protected zone; mm")
    group.add_argument("--max-speed", metavar="MM_S", type=int, required=required, help="mm/s")
    group.add_argument("--frame", metavar="NAME", default="site", help="of the coordinates")


def limits(args: argparse.Namespace) -> Motion | None:
    """None where no area was told. Raises Refused ``admin.request``."""
    if not args.area:
        return None
    if not args.max_speed:
        raise Refused("admin.request", detail="--max-speed is missing")
    return Motion(
        area=tuple(zone(text) for text in args.area),
        frame=args.frame,
        keep_out=tuple(zone(text) for text in args.keep_out),
        max_speed=args.max_speed,
    )


def zone(text: str) -> Zone:
    """Raises Refused ``admin.request``."""
    try:
        x0, x1, y0, y1 = (int(part) for part in text.split(","))
    except ValueError:
        raise Refused("admin.request", detail=f"{text!r} is no zone: X0,X1,Y0,Y1 in mm") from None
    if x0 > x1 or y0 > y1:
        raise Refused("admin.request", detail=f"{text!r} ends before it begins")
    return Zone(x0=x0, x1=x1, y0=y0, y1=y1)


def at(text: str) -> tuple[str, bytes]:
    """(address of its wire, public key) of ``ADDRESS#KEY``. Raises Refused ``admin.request``."""
    from answerable.crypto.b64 import unb64u

    address, _, key = text.rpartition("#")
    try:
        public = unb64u(key)
    except VerificationError:
        public = b""
    if not address or len(public) != 32:
        raise Refused("admin.request", detail="a machine is ADDRESS#KEY, as `answerable device settings` prints it")
    return address, public


def is_pulse(data: bytes) -> bool:
    """Whether the message that somebody carries is a pulse; else it is taken for an order."""
    try:
        return "stop_root" in json.loads(data)
    except (ValueError, TypeError):
        return False


def read_bytes(path: Path) -> bytes:
    """What a person carries in a file, without the line's end that `pulse run --to FILE` writes. Raises Refused
    ``config.value``."""
    try:
        return path.read_bytes().rstrip(b"\n")
    except OSError as error:
        raise Refused("config.value", detail=f"{path}: {error.strerror}") from None
