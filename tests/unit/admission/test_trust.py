# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.admission import orders
from answerable.admission.trust import Trust
from tests.unit.admission.a_stop import ANNA, ANNA_KID, ORIGIN, WATCHDOG, WATCHDOG_KID, issued, key, order, released

OTHER = key("another authority")
AUTHORITIES = {WATCHDOG_KID: WATCHDOG.public, "second-1": OTHER.public, "authority-2": key("spare").public}


def test_nobody_is_trusted_who_was_not_pinned() -> None:
    trust = Trust(ORIGIN)
    assert not any((trust.issuers, trust.pulses, trust.officers, trust.authorities, trust.named))


def test_each_authority_releases_what_it_ordered_with_any_key_of_its_own() -> None:
    trust = Trust(
        ORIGIN,
        issuers={"issuer-1": key("issuer").public},
        authorities=AUTHORITIES,
        named={WATCHDOG_KID: "market", "authority-2": "market", "second-1": "health"},
    )
    leaf = order(7, kind="suspend", by=((ANNA, ANNA_KID), (WATCHDOG, WATCHDOG_KID)))

    def released_by(*by: tuple[object, str]) -> str:
        release = released(leaf, by=by)
        return orders.read(issued(leaf, 7, epoch=1, changed=2, release=release), trust).stop.released

    assert released_by((key("spare"), "authority-2"))
    assert not released_by((OTHER, "second-1"))
    assert not released_by((ANNA, ANNA_KID))
