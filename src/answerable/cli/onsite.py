# SPDX-License-Identifier: Apache-2.0
"""`onsite key|issue|show|run|tell`: an issuer of 2 s warrants where no network reaches (`docs/spec/envelope.md`).

What it costs is printed before anything is issued: the longer time that a stop may take if no word of it comes there.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from answerable.cli.motion import add_limits, is_pulse, limits, read_bytes
from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, say, when

EXAMPLES: Final = """\
  answerable onsite key site.key                        a key for the site; its public half is printed
  answerable onsite issue COPY --key PUBLIC --site tunnel --for DEVICE --life 600 --area 0,50000,-500,500 \\
      --max-speed 1500 --out site.envelope              prints the bound; add --bound MS to agree to it
  answerable onsite show site.envelope
  answerable onsite run site.envelope --key site.key --socket site.sock
  answerable onsite tell order.json --socket site.sock  an order or a pulse that a person carries in
"""


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    made = new_verb("key", "a new key for an on-site issuer")
    made.add_argument("file", type=Path, metavar="FILE")
    made.set_defaults(run=key)
    asked = new_verb("issue", "an envelope for an on-site issuer; an officer asks, and agrees to its bound")
    asked.add_argument("copies", nargs="+", metavar="COPY", help="id or record id of a running copy")
    asked.add_argument("--key", required=True, metavar="PUBLIC", help="the site's public key")
    asked.add_argument("--site", required=True, metavar="NAME", help="of the site: a word")
    asked.add_argument("--for", dest="audience", action="append", required=True, metavar="DEVICE", help="or a guard")
    asked.add_argument("--life", type=float, required=True, metavar="S", help="3600 at most")
    asked.add_argument("--tool", action="append", default=[], metavar="NAME")
    asked.add_argument("--budget", type=int, default=0, metavar="TOKENS")
    asked.add_argument("--bound", type=int, default=0, metavar="MS", help="the bound that is agreed to")
    asked.add_argument("--out", type=Path, required=True, metavar="FILE")
    add_limits(asked, required=False)
    asked.set_defaults(run=issue)
    shown = new_verb("show", "what an envelope allows, and until when")
    shown.add_argument("file", type=Path, metavar="FILE")
    shown.set_defaults(run=show)
    running = new_verb("run", "sign warrants on the spot until the envelope ends")
    running.add_argument("file", type=Path, metavar="FILE")
    running.add_argument("--key", type=Path, required=True, metavar="FILE")
    running.add_argument("--socket", type=Path, required=True, metavar="FILE")
    running.add_argument("--relay", action="append", default=[], metavar="URL", help="heard while the network is there")
    running.add_argument("--ca", default="", metavar="FILE")
    running.add_argument("--clock", choices=("ntp", "same-host"), default="ntp")
    running.add_argument("--pulse", type=Path, metavar="FILE", help="a fresh pulse, where one is needed to begin")
    running.set_defaults(run=run)
    carried = new_verb("tell", "carry an order or a pulse to an on-site issuer")
    carried.add_argument("file", type=Path, metavar="FILE")
    carried.add_argument("--socket", type=Path, required=True, metavar="FILE")
    carried.set_defaults(run=tell)


def key(args: argparse.Namespace) -> int:
    from answerable.crypto.b64 import b64u
    from answerable.crypto.ed25519 import Key
    from answerable.machines.site_file import PURPOSE

    made = Key.generate()
    made.save(args.file, purpose=PURPOSE)
    emit(args, {"file": str(args.file), "public": b64u(made.public)}, [b64u(made.public)])
    return 0


def issue(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.admission.envelope import bound_ms
    from answerable.cli.session import session
    from answerable.machines.site_file import SiteFile, write
    from answerable.model.terms import AdminRole
    from answerable.warrants.envelopes import EnvelopeRequest

    life = round(args.life * 1000)
    bound = bound_ms(max(0, life))
    say(
        f"Where no word of an order comes to the site, a stop holds within {bound / 1000:g} s, not within 2 s.",
        f"若终止令无法送达现场，终止最迟在 {bound / 1000:g} 秒内生效，而非 2 秒。",
    )
    here = session(args, AdminRole.OFFICER)
    request = EnvelopeRequest(
        audiences=tuple(args.audience),
        bound=args.bound,
        budget=args.budget,
        copies=tuple(args.copies),
        key=args.key,
        life=life,
        motion=limits(args),
        site=args.site,
        tools=tuple(args.tool),
    )
    done = here.post("/envelopes", {"envelope": msgspec.to_builtins(request)})
    pins = here.get("/pins")
    members = {name: pins[name] for name in ("origin", "issuers", "pulses", "officers", "authorities")}
    members["named"] = pins.get("named", {})
    write(args.out, SiteFile(v=1, token=done["token"], **members))
    ends, site = done["envelope"]["exp_ms"], done["envelope"]["site"]
    told = {"file": str(args.out), "site": site, "record": done["envelope"]["grant"], "ends": ends, "bound": bound}
    emit(args, told, [pick(f"{site} until {when(ends)}: {args.out}", f"{site} 至 {when(ends)}：{args.out}")])
    return 0


def show(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.machines.site_file import read

    envelope = read(args.file).envelope()
    motion = envelope.motion
    lines = [
        f"{envelope.site}  {when(envelope.iat_ms)} .. {when(envelope.exp_ms)}",
        f"  {pick('for', '受众')}: {', '.join(envelope.aud)}",
        f"  {pick('copies', '运行副本')}: {', '.join(copy.sub for copy in envelope.copies)}",
        f"  {pick('worlds', '界')}: {', '.join(envelope.worlds)}",
        pick(
            f"  a stop that nobody brings there holds within {envelope.bound / 1000:g} s",
            f"  未送达现场的终止令最迟 {envelope.bound / 1000:g} 秒内生效",
        ),
    ]
    if motion is not None:
        areas = "; ".join(f"{z.x0},{z.x1},{z.y0},{z.y1}" for z in motion.area)
        lines.append(f"  {pick('motion', '运动')}: <= {motion.max_speed} mm/s, {motion.frame} {areas}")
    emit(args, msgspec.to_builtins(envelope), lines)
    return 0


def run(args: argparse.Namespace) -> int:
    import asyncio

    from answerable.admission.clocks import ClockMode
    from answerable.app.clock import SystemClock
    from answerable.crypto.ed25519 import Key
    from answerable.machines.onsite import OnSite
    from answerable.machines.onsite_server import OnSiteServer
    from answerable.machines.site_file import PURPOSE, read
    from answerable.net.timex import read_clock

    site = read(args.file)
    envelope, clock, view = site.envelope(), SystemClock(), site.view(ClockMode(args.clock))
    reading = read_clock()
    if reading is not None:
        view.clock(reading)
    if args.pulse is not None:
        view.pulse(read_bytes(args.pulse), clock.now_ms(), clock.mono_ms())
    issuer = OnSite(envelope, site.token, signer=Key.load(args.key, purpose=PURPOSE), view=view, clock=clock)
    server = OnSiteServer(
        issuer, args.socket, clock, tuple(args.relay), args.ca, args.file.with_name(args.file.name + ".orders")
    )

    async def serve() -> None:
        emit(
            args,
            {"site": envelope.site, "socket": str(args.socket), "ends": envelope.exp_ms, "bound": envelope.bound},
            [pick(f"{envelope.site} signs until {when(envelope.exp_ms)}: {args.socket}",
                  f"{envelope.site} 签发至 {when(envelope.exp_ms)}：{args.socket}")],
        )  # fmt: skip
        await server.run()

    asyncio.run(serve())
    return 0


def tell(args: argparse.Namespace) -> int:
    from answerable.cli.client import exchange

    data = read_bytes(args.file)
    path = "/relay/v1/pulse" if is_pulse(data) else "/relay/v1/orders"
    done: dict[str, Any] = exchange(args.socket, "POST", path, data, {"host": "localhost"})
    emit(args, done, [pick("The site has heard it.", "现场签发者已收到。")])
    return 0
