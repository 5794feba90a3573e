# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec

from answerable.admission.wide import reached
from answerable.model.records import Stop
from answerable.model.terms import Scope
from tests.fleet import Fleet, sha


def test_a_wide_order_reached_what_was_registered_by_then() -> None:
    fleet = Fleet()
    stop = Stop(
        rid="o", kind="terminate", scope=Scope.LINEAGE, root=fleet.base.rid, num=fleet.base.num,
        digests=("sha256-list:9:00",), twins=(fleet.other.num,), at=1, until=0, reason="", officers=(), upto=4,
    )  # fmt: skip
    assert [reached(stop, s) for s in (fleet.base, fleet.quant, fleet.tuned)] == [True] * 3
    assert not reached(stop, fleet.app)  # it uses the model, and does not descend from it
    assert not reached(stop, fleet.other)  # a twin, but registered later than the order
    assert reached(msgspec.structs.replace(stop, upto=5), fleet.other)
    one = msgspec.structs.replace(stop, scope=Scope.SYSTEM, twins=())
    assert (reached(one, fleet.base), reached(one, fleet.quant)) == (True, False)
    assert not reached(msgspec.structs.replace(stop, upto=0), fleet.base)
    assert sha("base") in fleet.base.digests
