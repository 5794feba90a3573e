# SPDX-License-Identifier: Apache-2.0
"""What a machine's journal holds that others must know, told to the log by a person who read it there: takeovers, and
red lines (`docs/spec/events.md`). Each entry counts once, however often the journal is brought."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from answerable.cli.talk import emit, pick
from answerable.machines.journal import Entry

TOLD: Final = ("takeover", "unsafe")
MAX_RECORD: Final = 2_048


def tell(args: argparse.Namespace, data: bytes, entries: Sequence[Entry]) -> int:
    """Sends an event for each takeover and red line; prints how many were new. Raises what the service refuses."""
    from answerable.admission import reports
    from answerable.cli.session import part, session
    from answerable.crypto.b64 import b64u
    from answerable.errors import Refused
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.OPERATOR)
    system = here.get(f"/systems/{part(args.tell)}")["rid"]
    lines = data.splitlines()
    new = 0
    for entry in entries:
        if entry.what not in TOLD:
            continue
        line = lines[entry.num]
        report = reports.make(
            fact(entry, line),
            system=system,
            by=here.person.kid,
            origin=here.origin,
            key=here.person.key,
            at=entry.at,
            drawn=b64u(sha256(line).digest()[: reports.NONCE_LENGTH]),
        )
        try:
            here.post("/events", msgspec.to_builtins(report))
            new += 1
        except Refused as error:
            if error.code != "redline.event_replayed":
                raise
    emit(args, {"told": new}, [pick(f"Recorded in the log: {new}.", f"已记入日志：{new}。")])
    return 0


def fact(entry: Entry, line: bytes) -> Any:
    """The entry in the words of events. line: its bytes in the journal, signed by the device."""
    from answerable.model.events import DeviceTakeover, DeviceUnsafe

    record = line.decode() if len(line) <= MAX_RECORD else ""
    facts = entry.facts
    if entry.what == "takeover":
        told = {"mode": facts["hand"], "person": facts["person"], "at": entry.at}
    else:
        told = {name: facts[name] for name in ("why", "ms", "limit", "x", "y") if name in facts}
    kind = DeviceTakeover if entry.what == "takeover" else DeviceUnsafe
    return msgspec.convert({"what": what(entry), "device": entry.dev, "record": record, **told}, kind)


def what(entry: Entry) -> str:
    return f"device.{entry.what}"
