# SPDX-License-Identifier: Apache-2.0
"""Signed orders of an invented registry, for measurements: each names another copy."""

from __future__ import annotations

from typing import Final

import msgspec

from answerable.admission import orders
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
