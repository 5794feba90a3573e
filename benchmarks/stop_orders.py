# SPDX-License-Identifier: Apache-2.0
"""Signed orders of an invented registry, for measurements: each names another copy."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec

from answerable.admission import orders, pulse
from answerable.admission.clocks import ClockMode, Reading
from answerable.admission.holding import HolderView
from answerable.admission.trust import Trust
from answerable.crypto.ed25519 import Key
from answerable.log import statement
from answerable.log.leaf import encode, rid
from answerable.model.leaves import Commitments, OrderLeaf
from answerable.model.records import Stop

ORIGIN: Final = "benchmark.invalid/log"
KID: Final = "issuer"
_ISSUER: Final = Key.from_seed(b"\x01" * 32)
_OFFICER: Final = Key.from_seed(b"\x02" * 32)
_PULSE: Final = Key.from_seed(b"\x03" * 32)
TRUST: Final = Trust(ORIGIN, issuers={KID: _ISSUER.public})


def message(number: int) -> bytes:
    """Change `number` of the stop set, as the registry tells it."""
    draft = OrderLeaf(
        c=Commitments(reason="A" * 43),
        dig=[],
        kind="suspend",
        n=f"{number:022d}",
        root=f"{number:x}".rjust(32, "c"),
        scope="copy",
        sigs=[],
        t=1_763_782_764_123 + number,
    )
    leaf = msgspec.structs.replace(draft, sigs=[statement.sign(draft, ORIGIN, _OFFICER, "o" * 32)])
    data = encode(leaf)
    row = Stop(
        rid=rid(data),
        kind=leaf.kind,
        scope=leaf.scope,
        root=leaf.root,
        num=0,
        digests=(),
        twins=(),
        at=leaf.t,
        until=0,
        reason="",
        officers=("o" * 32,),
        epoch=number,
    )
    return orders.message(row, data, origin=ORIGIN, signer=_ISSUER, kid=KID)


def beating(count: int, now_ms: int, mono_ms: int) -> HolderView:
    """A holder on a host of its own that heard `count` orders, and then a pulse that knows of them all."""
    view = HolderView(replace(TRUST, pulses={"pulse": _PULSE.public}), ClockMode.NTP)
    for number in range(1, count + 1):
        view.order(message(number))
    view.clock(Reading(synchronised=True, error_ms=1, mono_ms=mono_ms))
    known = pulse.Pulse(
        iss="pulse", origin=ORIGIN, seq=1, at=now_ms, valid_for=60_000, epoch=count, stop_root=view.root(count)
    )
    view.pulse(pulse.make(known, _PULSE, "pulse"), now_ms, mono_ms)
    view.check(now_ms, mono_ms)
    return view
