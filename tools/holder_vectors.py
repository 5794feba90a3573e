# SPDX-License-Identifier: Apache-2.0
"""Test vectors of what holders are told and answer: docs/spec/vectors/{order,pulse,stop-receipt}.json (`tools.vectors`
writes them)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from answerable.admission import orders, pulse, receipts
from answerable.admission.orders import Told, stop_root
from answerable.admission.receipts import Receipt, StopState
from answerable.admission.trust import Trust
from answerable.crypto import canonical
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError
from answerable.log.leaf import encode, rid
from tests.unit.admission.a_stop import (
    ANNA,
    ANNA_KID,
    BEN,
    BEN_KID,
    ISSUER,
    KID,
    ORIGIN,
    PINNED,
    PULSE,
    PULSE_KID,
    STRANGER,
    T0,
    TRUST,
    WATCHDOG,
    WATCHDOG_KID,
    beat,
    issued,
    key,
    nonce,
    order,
    released,
    row,
    system,
)

HOLDER: Final = key("copy")
HOLDER_RID: Final = "c" * 32
OFFICERS: Final = Trust(ORIGIN, officers=PINNED.officers, authorities=PINNED.authorities)
TRUSTS: Final = {"issuer": TRUST, "officers": OFFICERS, "all": PINNED}


def _code(call: Callable[[], object]) -> str:
    try:
        call()
    except AnswerableError as error:
        return error.code
    raise AssertionError("was to be refused")


def _changed(data: bytes, **members: Any) -> bytes:
    whole = {**json.loads(data), **members}
    return canonical.dumps({name: value for name, value in whole.items() if value is not ...})


def _told(told: Told) -> dict[str, Any]:
    stop = told.stop
    return {
        "rid": stop.rid,
        "kind": stop.kind,
        "scope": stop.scope,
        "root": stop.root,
        "num": stop.num,
        "twins": list(stop.twins),
        "until": stop.until,
        "released": stop.released,
        "epoch": told.epoch,
        "changed": told.changed,
        "by": told.by,
        "authority": told.authority,
    }


def order_messages() -> Any:
    suspended = order(3, kind="suspend", until=T0 + 900_000, by=((ANNA, ANNA_KID),))
    ended = order(5)
    watched = order(6, kind="suspend", by=((WATCHDOG, WATCHDOG_KID),))
    plain = issued(ended, 5, epoch=3, twins=(8,))
    good = [
        ("a suspension by one officer, which lapses", issued(suspended, 3, epoch=1)),
        ("its release", issued(suspended, 3, epoch=1, changed=4, release=released(suspended))),
        ("a termination that reaches a twin", plain),
        ("an order of a whole world", issued(order(0, scope="world", root="physical"), 0, epoch=2)),
        ("officers' own, past the registry", orders.direct(ended, origin=ORIGIN, subject=system(5), num=5)),
        ("one officer's termination", orders.direct(order(7, by=((BEN, BEN_KID),)), origin=ORIGIN,
                                                    subject=system(7), num=7)),
        ("an authority's, which the registry released",
         issued(watched, 6, epoch=5, changed=6, release=released(watched))),
    ]  # fmt: skip
    forged = orders.message(row(ended, 5, epoch=3), encode(ended), origin=ORIGIN, subject=system(5), signer=STRANGER,
                            kid=KID)  # fmt: skip
    bad = [
        ("signed by a stranger", forged),
        ("another epoch", _changed(plain, epoch=4)),
        ("another twin", _changed(plain, twins=[9])),
        ("of another log", _changed(plain, origin="other.invalid/log")),
        ("an end that is not the leaf's", _changed(plain, until=1)),
        ("a subject that is not the root", _changed(plain, subject=b64u(system(8)))),
        ("a release of another order", _changed(plain, changed=9, release=b64u(released(suspended)))),
        ("a release without its number", _changed(plain, release=b64u(released(ended)))),
        ("no leaf", _changed(plain, leaf="")),
        ("another version", _changed(plain, v=2)),
        ("a further member", _changed(plain, more=1)),
        ("a member that is missing", _changed(plain, num=...)),
        ("white space", plain + b" "),
    ]
    rows = [row(order(num), num, epoch=num) for num in (1, 2, 3)]
    return {
        "origin": ORIGIN,
        "trusts": {
            name: {
                "issuers": {kid: b64u(public) for kid, public in trust.issuers.items()},
                "officers": {kid: b64u(public) for kid, public in trust.officers.items()},
                "authorities": {kid: b64u(public) for kid, public in trust.authorities.items()},
            }
            for name, trust in TRUSTS.items()
        },
        "good": [
            {
                "name": name,
                "message": data.decode(),
                "told": {each: _told_or_code(data, trust) for each, trust in TRUSTS.items()},
            }
            for name, data in good
        ],
        "bad": [
            {"name": name, "message": data.decode(), "code": _code(lambda data=data: orders.read(data, TRUST))}  # type: ignore[misc]
            for name, data in bad
        ],
        "roots": [
            {"orders": [[stop.rid, stop.epoch] for stop in rows], "epoch": epoch, "root": stop_root(rows, epoch)}
            for epoch in range(4)
        ],
    }


def _told_or_code(data: bytes, trust: Trust) -> Any:
    try:
        return _told(orders.read(data, trust))
    except AnswerableError as error:
        return error.code


def pulses() -> Any:
    message = issued(order(5), 5, epoch=1)
    root = stop_root([row(order(5), 5, epoch=1)])
    plain = beat(message, seq=T0, epoch=1, root=root)
    later = T0 + 3_000
    good = [
        ("nothing is stopped", beat(seq=T0)),
        ("one order", plain),
        ("the same, once everyone knows it", beat(seq=later, at=later, epoch=1, root=root)),
    ]
    bad = [
        ("signed by a stranger", beat(signer=STRANGER)),
        ("signed by the issuer's key", beat(signer=ISSUER, kid=KID)),
        ("another key's name", beat(kid="pulse-2")),
        ("another number", _changed(plain, seq=T0 + 1)),
        ("a longer life", _changed(plain, valid_for=10_001)),
        ("without its order", _changed(plain, delta=[])),
        ("of another log", beat(origin="other.invalid/log")),
        ("a life of more than five minutes", _changed(plain, valid_for=300_001)),
        ("a root that is none", _changed(plain, stop_root="0" * 63)),
        ("number 0", _changed(plain, seq=0)),
        ("another version", _changed(plain, v=2)),
        ("a further member", _changed(plain, more=1)),
        ("white space", b" " + plain),
    ]
    return {
        "origin": ORIGIN,
        "pulses": {PULSE_KID: b64u(PULSE.public)},
        "good": [{"name": name, "pulse": data.decode()} for name, data in good],
        "bad": [
            {"name": name, "pulse": data.decode(), "code": _code(lambda data=data: pulse.read(data, TRUST))}  # type: ignore[misc]
            for name, data in bad
        ],
    }


def stop_receipts() -> Any:
    named = rid(encode(order(5)))
    steps = [(StopState.DRAINING, 2), (StopState.STOPPED, 0), (StopState.SEALED, 0)]
    made = [
        Receipt(named, HOLDER_RID, T0 + 40, T0 + 12, flying, state, nonce(number))
        for number, (state, flying) in enumerate(steps, 1)
    ]
    data = [receipts.make(receipt, HOLDER, ORIGIN) for receipt in made]
    plain = data[0]
    keys = {HOLDER_RID: HOLDER.public}
    bad = [
        ("signed by a stranger", receipts.make(made[0], STRANGER, ORIGIN)),
        ("of another order", _changed(plain, order="o" * 32)),
        ("an earlier last action", _changed(plain, t_last_action=T0)),
        ("another state", _changed(plain, stop_state="stopped")),
        ("a state that does not exist", _changed(plain, stop_state="gone")),
        ("a holder that nobody knows", _changed(plain, holder="d" * 32)),
        ("a negative time", _changed(plain, t_received=-1)),
        ("another version", _changed(plain, v=2)),
        ("a further member", _changed(plain, more=1)),
        ("white space", plain + b"\n"),
    ]
    return {
        "origin": ORIGIN,
        "holders": {HOLDER_RID: b64u(HOLDER.public)},
        "good": [
            {
                "name": receipt.stop_state.value,
                "receipt": raw.decode(),
                "leaf": encode(receipts.read(raw, keys, ORIGIN).leaf(T0 + 100)).decode(),
            }
            for receipt, raw in zip(made, data, strict=True)
        ],
        "bad": [
            {"name": name, "receipt": raw.decode(), "code": _code(lambda raw=raw: receipts.read(raw, keys, ORIGIN))}  # type: ignore[misc]
            for name, raw in bad
        ],
    }
