# SPDX-License-Identifier: Apache-2.0
"""The readers of what holders are told and answer, as fuzz targets. Each format has one encoding: what was read and is
written again has the same bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

import msgspec

from answerable.admission import orders, pulse, receipts
from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.trust import Trust
from answerable.crypto import canonical
from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError

ORIGIN: Final = "demo.invalid/log"
_KEY: Final = Key.from_seed(b"fuzz" * 8)
# Whoever signs, by whatever name: the fuzzer's bytes get past the keys where a key of that name is asked for.
TRUST: Final = Trust(ORIGIN, issuers={"issuer-1": _KEY.public}, officers={"a" * 32: _KEY.public})


def _orders(data: bytes) -> None:
    """A pulse's word suffices, so that what comes after the signatures is met as well."""
    told = orders.read(data, TRUST, vouched=True)
    assert told.data == data
    assert canonical.dumps(canonical.loads(data)) == data
    assert told.stop.until == 0 or told.issued
    # Whoever is not the issuer makes it no softer.
    assert not told.stop.released or told.issued or told.by == "officers"


def _signed_pulses(data: bytes) -> None:
    """The members of a pulse that the bytes make up, signed: what a pulse's holder could send."""
    with contextlib.suppress(AnswerableError, msgspec.MsgspecError, TypeError, KeyError):
        members = canonical.loads(data)
        made = pulse.Pulse(
            iss=str(members["iss"]),
            origin=ORIGIN,
            seq=members["seq"],
            at=members["at"],
            valid_for=members["valid_for"],
            epoch=members["epoch"],
            stop_root=members["stop_root"],
            delta=tuple(canonical.dumps(each) for each in members["delta"]),
        )
        view = HolderView(Trust(ORIGIN, pulses={"k": _KEY.public}), ClockMode.SAME_HOST)
        view.pulse(pulse.make(made, _KEY, "k"), made.at, 0)
        with contextlib.suppress(AnswerableError):
            view.check(made.at, 0)
    pulse.read(data, Trust(ORIGIN, pulses={"pulse-1": _KEY.public}))


def _receipts(data: bytes) -> None:
    receipt = receipts.peek(data)
    assert receipts.make(receipt, _KEY, ORIGIN) != b""
    receipts.read(data, {receipt.holder: _KEY.public}, ORIGIN)


HOLDER_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {
    "order": _orders,
    "pulse": _signed_pulses,
    "stop-receipt": _receipts,
}
