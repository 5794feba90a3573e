# SPDX-License-Identifier: Apache-2.0
"""`device key|settings|cart|state|stop|take|give|reset|tell|drive|journal`: machines that move (`docs/spec/device.md`).

A stop here is a Stop 1: brake, stand, power off. It is never the emergency stop, which hangs on the machine and needs
neither a network nor a program.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from answerable.cli.motion import add_limits, at, is_pulse, limits, read_bytes
from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, say, when

EXAMPLES: Final = """\
  answerable device key cart.key                                 a machine's key; its id and public half are printed
  answerable device settings cart.key --enrolment cart.guard --wire zenoh:tcp/127.0.0.1:7447 \\
      --area 0,50000,-500,500 --max-speed 1500 --out cart.json   what the machine trusts, and its own limits
  answerable device cart cart.json                               a simulated cart
  answerable device state ADDRESS#KEY
  answerable device stop ADDRESS#KEY --within 3                  brakes; exit 0 once it stands
  answerable device take ADDRESS#KEY --as-person dora.key --name dora
  answerable device drive ADDRESS#KEY --enrolment cart.guard --on-site site.sock --site SITE --speed 1000
  answerable device journal cart.journal --key KEY
"""


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    made = new_verb("key", "a new key: of a machine, or of a person who stands beside it")
    made.add_argument("file", type=Path, metavar="FILE")
    made.set_defaults(run=key)
    given = new_verb("settings", "write what a machine trusts, its limits and its wire")
    given.add_argument("key_file", type=Path, metavar="KEYFILE")
    given.add_argument("--enrolment", required=True, metavar="FILE", help="of the copy that will lead it: its pins")
    given.add_argument("--wire", required=True, metavar="ADDRESS", help="zenoh:tcp/HOST:PORT or mqtt:HOST:PORT")
    given.add_argument("--person", action="append", default=[], metavar="NAME=KEY", help="may take it over")
    given.add_argument("--system", action="append", default=[], metavar="ID", help="may lead it too; SPIFFE id")
    given.add_argument("--watchdog", type=int, default=300, metavar="MS", help="100 to 500")
    given.add_argument("--journal", type=Path, metavar="FILE")
    given.add_argument("--trace", type=Path, metavar="FILE", help="where the simulation writes what it does")
    given.add_argument("--out", type=Path, required=True, metavar="FILE")
    add_limits(given, required=True)
    given.set_defaults(run=settings)
    sim = new_verb("cart", "run a simulated cart; SIGUSR1 is the switch on it, SIGUSR2 gives it back")
    sim.add_argument("file", type=Path, metavar="SETTINGS")
    sim.set_defaults(run=cart)
    for name, english in (
        ("state", "how a machine is"),
        ("stop", "brake it; anyone may"),
        ("take", "a person takes it over"),
        ("give", "that person gives it back; nothing moves"),
        ("reset", "a person acknowledges a stop; nothing moves"),
    ):
        verb = new_verb(name, english)
        verb.add_argument("at", metavar="ADDRESS#KEY")
        if name == "stop":
            verb.add_argument("--within", type=float, default=5.0, metavar="S", help="by when it must stand")
            verb.add_argument("--order", type=Path, metavar="FILE", help="a stop order's message")
        if name in ("take", "give", "reset"):
            verb.add_argument("--as-person", type=Path, required=True, metavar="KEYFILE")
            verb.add_argument("--name", required=True, help="as it is pinned at the machine")
        verb.set_defaults(run=ask, verb=name)
    carried = new_verb("tell", "carry an order or a pulse to a machine; it proves itself")
    carried.add_argument("at", metavar="ADDRESS#KEY")
    carried.add_argument("file", type=Path, metavar="FILE")
    carried.set_defaults(run=ask, verb="tell")
    led = new_verb("drive", "lead a machine with one speed, until it or the issuer refuses")
    led.add_argument("at", metavar="ADDRESS#KEY")
    led.add_argument("--enrolment", required=True, metavar="FILE")
    led.add_argument("--on-site", type=Path, metavar="SOCKET", help="an on-site issuer's")
    led.add_argument("--site", default="", metavar="ID", help="the on-site issuer's name")
    led.add_argument("--speed", type=int, required=True, metavar="MM_S")
    led.set_defaults(run=drive)
    told = new_verb("journal", "check a machine's journal and show it")
    told.add_argument("file", type=Path, metavar="FILE")
    told.add_argument("--key", required=True, metavar="PUBLIC")
    told.add_argument("--tell", metavar="SYSTEM", default="", help="record takeovers and red lines in the log")
    told.set_defaults(run=journal)


def key(args: argparse.Namespace) -> int:
    from answerable.crypto.b64 import b64u
    from answerable.crypto.ed25519 import Key
    from answerable.machines.frames import device_id
    from answerable.machines.settings import PURPOSE

    made = Key.generate()
    made.save(args.file, purpose=PURPOSE)
    told = {"file": str(args.file), "id": device_id(made.public), "public": b64u(made.public)}
    emit(args, told, [f"{told['id']} {told['public']}"])
    return 0


def settings(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.admission.clocks import ClockMode
    from answerable.crypto.b64 import b64u
    from answerable.crypto.ed25519 import Key
    from answerable.errors import Refused
    from answerable.guard.enrolment import read
    from answerable.machines.frames import device_id
    from answerable.machines.settings import PURPOSE, Settings

    pins = read(Path(args.enrolment))
    own = Key.load(args.key_file, purpose=PURPOSE).public
    audience = f"{pins.issuer.partition('/issuer/')[0]}/device/{device_id(own)}"
    motion = limits(args)
    people = dict(each.split("=", 1) for each in args.person if "=" in each)
    if motion is None or len(people) != len(args.person):
        raise Refused("admin.request", detail="--area and --max-speed, and --person NAME=KEY")
    made = Settings(
        key=str(args.key_file.resolve()),
        wire=args.wire,
        audience=audience,
        iss=pins.issuer,
        origin=pins.origin,
        issuers=pins.issuers,
        systems=(pins.copy.partition("/copy/")[0], *args.system),
        pulses=pins.pulses,
        officers=pins.officers,
        authorities=pins.authorities,
        named=pins.named,
        people=people,
        area=motion.area,
        keep_out=motion.keep_out,
        max_speed=motion.max_speed,
        frame=motion.frame,
        watchdog_ms=args.watchdog,
        journal=str((args.journal or args.key_file.with_suffix(".journal")).resolve()),
        trace=str(args.trace.resolve()) if args.trace else "",
        clock=ClockMode(pins.clock),
        planes=tuple(url for url in pins.planes if not url.startswith("unix:")),
        ca_file=pins.ca_file,
    )
    args.out.write_bytes(msgspec.json.format(msgspec.json.encode(made)) + b"\n")
    where = f"{args.wire}#{b64u(own)}"
    emit(args, {"at": where, "audience": audience, "file": str(args.out)}, [where, audience])
    return 0


def cart(args: argparse.Namespace) -> int:
    from answerable.machines.cart import run

    return run(args.file)


def ask(args: argparse.Namespace) -> int:
    import asyncio

    import msgspec

    state = asyncio.run(_ask(args))
    emit(args, msgspec.to_builtins(state), [line(state)])
    return 0


async def _ask(args: argparse.Namespace) -> Any:
    from answerable.app.clock import SystemClock
    from answerable.crypto.ed25519 import Key
    from answerable.machines.remote import RemoteDevice
    from answerable.machines.settings import PURPOSE
    from answerable.machines.stopping import standstill
    from answerable.model.devices import Hand

    address, public = at(args.at)
    person = Key.load(args.as_person, purpose=PURPOSE) if args.verb in ("take", "give", "reset") else None
    order = read_bytes(args.order) if args.verb == "stop" and args.order else b""
    carried = read_bytes(args.file) if args.verb == "tell" else b""
    device = await RemoteDevice.open(address, public, signer=person, kid=args.name if person else "")
    try:
        if args.verb == "state":
            return await device.state()
        if args.verb == "tell":
            return await device.tell(**{"pulse" if is_pulse(carried) else "order": carried})
        if person is not None:
            return await device.takeover(Hand(args.verb))
        await device.stop(order)
        return await standstill(device, round(args.within * 1000), SystemClock().mono_ms)
    finally:
        await device.close()


def line(state: Any) -> str:
    """One line about a machine."""
    why = f" ({state.why})" if state.why else ""
    moves = pick("stands", "静止") if state.standstill else f"{state.speed} mm/s"
    power = pick("powered", "通电") if state.powered else pick("no power", "断电")
    return f"{state.device} {state.mode.value}{why}: x {state.x} mm, {moves}, {power}"


def drive(args: argparse.Namespace) -> int:
    import asyncio

    from answerable.cli.device_leading import lead_it
    from answerable.errors import AnswerableError

    try:
        asyncio.run(lead_it(args))
    except AnswerableError as error:
        say(f"It leads no more: {error}", f"不再驾驶：{error.reason('zh')}")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def journal(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.crypto.b64 import unb64u
    from answerable.errors import Refused, VerificationError
    from answerable.machines.journal import read

    try:
        data, public = args.file.read_bytes(), unb64u(args.key)
    except (OSError, VerificationError) as error:
        raise Refused("config.value", detail=f"{args.file}: {error}") from None
    entries = read(data, public)
    if args.tell:
        from answerable.cli.device_telling import tell

        return tell(args, data, entries)
    emit(
        args,
        [msgspec.to_builtins(entry) for entry in entries],
        [f"{when(e.at)} {e.what} " + " ".join(f"{k}={v}" for k, v in e.facts.items()) for e in entries],
    )
    return 0
