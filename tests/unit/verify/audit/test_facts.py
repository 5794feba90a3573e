# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.verify.audit.facts import FACTS, Held, PartyFact, Plain


def test_what_is_held() -> None:
    memory = Held()
    memory.note([(b"a", 1), (b"b", 2), (b"a", 9)])
    assert memory.first([b"a", b"b", b"c"]) == {b"a": 1, b"b": 2}
    assert memory.get("party", "p") is None
    memory.put("party", "p", PartyFact(index=4, id="NTRCN-1"))
    memory.put("party", "q", PartyFact(index=5, id="NTRCN-2"))
    assert memory.get("party", "p").id == "NTRCN-1"
    assert [rid for rid, _ in memory.all("party")] == ["p", "q"]
    memory.drop("party", "p")
    memory.drop("party", "p")
    assert [rid for rid, _ in memory.all("party")] == ["q"]


def test_every_kind_that_is_pointed_to_has_a_fact() -> None:
    from answerable.verify.audit.pointing import POINTS

    pointed = {kind for members in POINTS.values() for kind in members.values()} - {"leaf"}
    assert pointed <= set(FACTS)
    assert FACTS["hold"] is Plain
