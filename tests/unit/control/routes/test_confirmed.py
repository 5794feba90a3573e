# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.admission import receipts
from answerable.admission.receipts import Receipt, StopState
from answerable.control.routes import confirmed
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError
from answerable.model.terms import OrderKind
from tests.unit.control.house import House
from tests.unit.control.routes.test_stops import order


def test_the_rings_are_never_counted_together(house: House) -> None:
    copy, key = house.start_copy("small")
    given = house.post("/stops", order(house, "base", OrderKind.SUSPEND, "officer-1"), "officer-1")["order"]
    told = Receipt(given["rid"], copy, given["at"] + 5, given["at"], 0, StopState.SEALED, nonce())
    row = house.run(confirmed.take(house.services, receipts.make(told, key, house.core.origin)))
    assert (row.state, row.last) == ("sealed", given["at"])
    seen = house.get(f"/stops/told/{given['rid']}")
    assert (seen["copies"], seen["confirmed"], seen["unknown"]) == (1, 1, 0)
    assert (seen["kind"], seen["at"], seen["last"]) == ("suspend", given["at"], given["at"])
    assert seen["ring_b"] == {"digests": 1, "counted": False}
    assert seen["ring_c"] == {"systems": 1, "of": 2, "claim": False}, "one of both has digests and a licence"
    assert seen["gateways"] == []
    assert sum(value for name, value in seen.items() if name in ("confirmed", "expired", "unknown")) == seen["copies"]


def test_refused_receipts_are_counted_and_unknown_orders_are_not_found(house: House) -> None:
    with pytest.raises(AnswerableError, match=r"stop\.order_unknown"):
        house.get("/stops/told/" + "z" * 32)
    copy, key = house.start_copy("helper")
    given = house.post("/stops", order(house, "other", OrderKind.SUSPEND, "officer-1"), "officer-1")["order"]
    told = Receipt(given["rid"], copy, 1, 1, 0, StopState.STOPPED, nonce())
    with pytest.raises(AnswerableError, match=r"relay\.holder"):
        house.run(confirmed.take(house.services, receipts.make(told, key, house.core.origin)))
    assert house.core.ledger._refusals._counts["relay.holder"] == 1  # type: ignore[union-attr]
