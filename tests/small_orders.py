# SPDX-License-Identifier: Apache-2.0
"""Signed stop orders of a small registry, without the registry."""

from __future__ import annotations

import msgspec

from answerable.admission import orders
from answerable.admission.orders import Told
from answerable.admission.trust import Trust
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.log import statement
from answerable.log.leaf import encode, rid
from answerable.model.leaves import Commitments, OrderLeaf, ReleaseLeaf
from answerable.model.records import Stop

ORIGIN = "log.example.com/small"
ISSUER = Key.from_seed(b"\x01" * 32)
KID = "issuer-key"
OFFICER = Key.from_seed(b"\x02" * 32)
OFFICER_KID = "o" * 32
TRUST = Trust(origin=ORIGIN, issuers={KID: ISSUER.public}, officers={OFFICER_KID: OFFICER.public})


def leaf_of(number: int, root: str = "") -> OrderLeaf:
    """The order that change `number` is; of 0 there may be several."""
    drawn = nonce() if not number else f"{number:022d}"
    draft = OrderLeaf(
        c=Commitments(reason="A" * 43),
        dig=[],
        kind="suspend",
        n=drawn,
        root=root or f"{number:x}".rjust(32, "c"),
        scope="copy",
        sigs=[],
        t=1_000 + number,
    )
    return msgspec.structs.replace(draft, sigs=[statement.sign(draft, ORIGIN, OFFICER, OFFICER_KID)])


def message(number: int, *, changed: int = 0, root: str = "") -> bytes:
    """By the issuer; by the officer alone where the number is 0. root: rid of the copy that is stopped."""
    leaf = leaf_of(number, root)
    if not number:
        return orders.direct(leaf, origin=ORIGIN)
    data = encode(leaf)
    release = b""
    if changed:
        release = encode(ReleaseLeaf(n=f"{changed:022d}", order=rid(data), sigs=[], t=2_000))
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
        officers=(OFFICER_KID,),
        epoch=number,
        changed=changed,
    )
    return orders.message(row, data, origin=ORIGIN, release=release, signer=ISSUER, kid=KID)


def told(number: int, *, changed: int = 0, root: str = "") -> Told:
    return orders.read(message(number, changed=changed, root=root), TRUST)
