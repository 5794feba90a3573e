# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.admission import orders
from answerable.admission.roster import trust
from answerable.errors import Refused, VerificationError
from answerable.log import statement
from answerable.log.leaf import encode
from answerable.log.roster import key_id
from answerable.model.leaves import OrderLeaf
from answerable.model.terms import OrderKind, Scope
from answerable.stops.orders import statement as order_statement
from answerable.stops.planned import Reason
from tests.fleet import ORIGIN, Fleet, key

WHY = Reason.of("it lied", salted=bytes(32))


def test_a_holder_that_pinned_the_roster_takes_an_authoritys_order_from_anyone() -> None:
    """The operator is the wrongdoer: neither his registry nor his issuer has any part in it."""
    fleet = Fleet()
    listed = fleet.roster(*fleet.officers[:2], authorities=("Surveillance",))
    pinned = trust(listed, ORIGIN, issuers={}, pulses={})
    leaf = order_statement(
        fleet.book, kind=OrderKind.TERMINATE, root=fleet.copies["base"].rid, reason=WHY, scope=Scope.COPY
    )
    signed = fleet.sign_with(leaf, "Surveillance 1")
    assert isinstance(signed, OrderLeaf)
    told = orders.read(orders.direct(signed, origin=ORIGIN), pinned)
    assert (told.by, told.authority, told.stop.kind, told.stop.root) == (
        "authority",
        True,
        "terminate",
        fleet.copies["base"].rid,
    )
    stranger = fleet.sign_with(leaf, "Stranger 1")
    with pytest.raises((Refused, VerificationError)):
        orders.read(orders.direct(stranger, origin=ORIGIN), pinned)  # type: ignore[arg-type]
    sig = statement.sign(leaf, ORIGIN, key("Surveillance 1"), key_id(key("Surveillance 1").public))
    assert sig.key in pinned.authorities
    assert encode(listed)
