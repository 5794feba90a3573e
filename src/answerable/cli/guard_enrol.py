# SPDX-License-Identifier: Apache-2.0
"""How a guard becomes the holder of a copy: by itself over the control socket, or by a file for another host."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from answerable.cli.talk import emit, pick, say
from answerable.guard.enrolment import Enrolment


def enrol_here(args: argparse.Namespace, system: str, *, url: str = "") -> tuple[Enrolment, Any]:
    """A fresh copy of `system` (this process, or one at `url`), and the session that enrolled it. The control socket is
    its way to warrants; orders come from the holders' plane where there is one. Raises as a session does."""
    from answerable.admission.clocks import ClockMode
    from answerable.cli.copy import enrol
    from answerable.cli.pinning import pinned
    from answerable.cli.session import part, session
    from answerable.guard.enrolment import draw
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.OPERATOR)
    pins = pinned(here.get("/pins"), args.roster)
    found = here.get(f"/systems/{part(system)}")
    seed, key = draw()
    enrolled = enrol(here, system, key, url=url)
    planes = tuple(args.plane or pins["planes"]) or (f"unix://{here.place.socket.resolve()}",)
    clock = ClockMode(args.clock) if args.clock else ClockMode.NTP if url else ClockMode.SAME_HOST
    return Enrolment(
        v=1,
        copy=enrolled["id"],
        rid=enrolled["rid"],
        issuer=enrolled["issuer"],
        audience=args.audience or enrolled["audience"],
        origin=pins["origin"],
        gateway=args.gateway or enrolled["gateway"],
        planes=planes,
        relays=tuple(args.relay),
        system=found["rid"],
        issuers=pins["issuers"],
        pulses=pins["pulses"],
        officers=pins["officers"],
        authorities=pins["authorities"],
        named=pins.get("named", {}),
        clock=clock,
        ca_file=args.ca,
        seed=seed,
    ), here


def write_enrolment(args: argparse.Namespace) -> int:
    from answerable.errors import Refused
    from answerable.guard.enrolment import write

    if not args.out:
        say("Where to? Name --out FILE.", "写到哪里？请指定 --out 文件。")
        return 2
    path = Path(args.out)
    if path.exists():
        raise Refused("guard.enrolment", path=str(path), detail="it is there already")
    made, _ = enrol_here(args, args.enrol, url="https://guard.invalid/")
    write(path, made)
    told = {"copy": made.copy, "record": made.rid, "file": str(path), "planes": list(made.planes)}
    emit(args, told, [pick(f"Enrolled {made.copy}: {path}", f"已登记 {made.copy}：{path}")])
    say("It holds the copy's private key: carry it to the guard's host and nowhere else.",
        "文件含有副本私钥：仅可带到守护进程所在主机。")  # fmt: skip
    return 0
