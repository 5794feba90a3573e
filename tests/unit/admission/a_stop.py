# SPDX-License-Identifier: Apache-2.0
"""Orders, pulses and keys of one small registry, fixed: what holders are told of in tests and vectors."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from answerable.admission import orders, pulse
from answerable.admission.trust import Trust
from answerable.crypto.b64 import b64u
from answerable.log import statement
from answerable.log.leaf import encode, rid
from answerable.model.leaves import Commitments, OrderLeaf, PartyRef, ReleaseLeaf, Sig, SystemLeaf
from answerable.model.records import Stop
from tests.fleet import key

T0 = 1_763_782_764_123
ORIGIN = "demo.invalid/log"
ISSUER, PULSE, ANNA, BEN, WATCHDOG, STRANGER = (
    key(name) for name in ("issuer", "pulse", "anna", "ben", "watchdog", "stranger")
)
KID, PULSE_KID, ANNA_KID, BEN_KID, WATCHDOG_KID = "issuer-1", "pulse-1", "a" * 32, "b" * 32, "authority-1"
TRUST = Trust(ORIGIN, issuers={KID: ISSUER.public}, pulses={PULSE_KID: PULSE.public})
PINNED = Trust(
    ORIGIN,
    issuers={KID: ISSUER.public},
    pulses={PULSE_KID: PULSE.public},
    officers={ANNA_KID: ANNA.public, BEN_KID: BEN.public},
    authorities={WATCHDOG_KID: WATCHDOG.public},
)


def nonce(number: int) -> str:
    return b64u(number.to_bytes(16, "big"))


def system(num: int) -> bytes:
    """The leaf of the system with that registry number."""
    return encode(
        SystemLeaf(
            aud="public",
            c=Commitments(),
            cap=[],
            crit="ordinary",
            dig=["sha256:" + f"{num:064x}"],
            edges=[],
            id=f"spiffe://demo.invalid/system/{num}",
            kind="model",
            n=nonce(num),
            num=num,
            parties=[PartyRef(rid="p" * 32, role="deployer")],
            t=T0,
            tier=1,
            usr=0,
            ver="1",
            wld=["information"],
        )
    )


def order(
    num: int,
    *,
    kind: str = "terminate",
    scope: str = "lineage",
    until: int = 0,
    at: int = T0,
    n: int = 0,
    root: str = "",
    by: tuple[tuple[Any, str], ...] = ((ANNA, ANNA_KID), (BEN, BEN_KID)),
) -> OrderLeaf:
    """An order of the system with that number, signed by those keys."""
    leaf = OrderLeaf(
        c=Commitments(reason=b64u(b"\x07" * 32)),
        dig=["sha256:" + f"{num:064x}"],
        kind=kind,
        n=nonce(n or 1000 + num),
        root=root or rid(system(num)),
        scope=scope,
        sigs=[],
        t=at,
        until=until or UNSET,
    )
    return msgspec.structs.replace(leaf, sigs=[statement.sign(leaf, ORIGIN, who, kid) for who, kid in by])


def released(leaf: OrderLeaf, *, by: tuple[tuple[Any, str], ...] = ((ANNA, ANNA_KID), (BEN, BEN_KID))) -> bytes:
    draft = ReleaseLeaf(n=nonce(9), order=rid(encode(leaf)), sigs=[], t=T0 + 5)
    sigs: list[Sig] = [statement.sign(draft, ORIGIN, who, kid) for who, kid in by]
    return encode(msgspec.structs.replace(draft, sigs=sigs))


def row(leaf: OrderLeaf, num: int, *, epoch: int, changed: int = 0, twins: tuple[int, ...] = ()) -> Stop:
    """The registry's row of it."""
    return Stop(
        rid=rid(encode(leaf)),
        kind=leaf.kind,
        scope=leaf.scope,
        root=leaf.root,
        num=num,
        digests=tuple(leaf.dig),
        twins=twins,
        at=leaf.t,
        until=leaf.until if isinstance(leaf.until, int) else 0,
        reason="",
        officers=tuple(sig.key for sig in leaf.sigs),
        epoch=epoch,
        changed=changed,
    )


def issued(leaf: OrderLeaf, num: int, *, epoch: int, changed: int = 0, release: bytes = b"", **more: Any) -> bytes:
    """The message that the registry's issuer signs."""
    return orders.message(
        row(leaf, num, epoch=epoch, changed=changed, **more),
        encode(leaf),
        origin=ORIGIN,
        release=release,
        subject=system(num) if num else b"",
        signer=ISSUER,
        kid=KID,
    )


def beat(
    *messages: bytes,
    seq: int = 1,
    at: int = T0,
    valid_for: int = 10_000,
    epoch: int = 0,
    root: str = "",
    signer: Any = PULSE,
    kid: str = PULSE_KID,
    origin: str = ORIGIN,
) -> bytes:
    """A pulse. root: of no order at all, where it is not given."""
    made = pulse.Pulse(
        iss="spiffe://demo.invalid/pulse/main",
        origin=origin,
        seq=seq,
        at=at,
        valid_for=valid_for,
        epoch=epoch,
        stop_root=root or orders.stop_root(()),
        delta=messages,
    )
    return pulse.make(made, signer, kid)
