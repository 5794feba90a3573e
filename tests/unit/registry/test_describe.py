# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.errors import Refused
from answerable.model.terms import Audience, Moment, Relation, Role, Standing, SystemKind
from answerable.registry import describe
from answerable.registry.duties import State
from answerable.registry.requests import ComputeSpec, PartySpec
from tests.small_registry import Registry, digest


def test_a_system_is_explained() -> None:
    registry = Registry()
    firm, insurer = registry.party("A firm", vouched=True), registry.party("An insurer")
    told = {"licence": "MIT", "capabilities": ("text",), "audience": Audience.PUBLIC}
    base = registry.system(firm, "base", **told, digests=(digest("b"),), compute=ComputeSpec(petaflop=10**10))
    small = registry.system(
        firm, "small", **told, digests=(digest("s"),), edges=[(base, Relation.QUANTIZED)],
        parties=(PartySpec(party=firm.rid, role=Role.PROVIDER), PartySpec(party=insurer.rid, role=Role.INSURER)),
    )  # fmt: skip
    app = registry.system(firm, "app", kind=SystemKind.APPLICATION, edges=[(small, Relation.USES)])
    registry.copy(small)
    view = describe.system(registry.book, "small", registry.now)
    assert (view.rid, view.name, view.stopped, view.dead) == (small.rid, "small", "", False)
    roles = {entry.role: entry.party for entry in view.parties}
    assert roles[Role.PROVIDER].standing is Standing.VOUCHED
    assert roles[Role.PROVIDER].voucher == "A registrar"
    assert roles[Role.PROVIDER].demo
    assert roles[Role.PROVIDER].proof != firm.rid
    assert roles[Role.INSURER].proof == insurer.rid
    assert (view.tier.tier, view.tier.now, view.tier.provisional) == (2, 2, False)
    top = view.tier.reasons[0]
    assert (top.row, top.facts, [ref.name for ref in top.inherited]) == (
        "systemic-compute", ("petaflop=10000000000",), ["base"],
    )  # fmt: skip
    assert top.source
    assert top.reason_zh
    assert {reason.row for reason in view.tier.reasons} == {"systemic-compute", "general-compute", "public"}
    at = {(duty.id, duty.moment): duty.state for duty in view.duties}
    assert at["identifier", Moment.SALE] is State.MET
    assert at["evaluation", Moment.USE] is State.UNCHECKED
    assert [(edge.relation, edge.system.name) for edge in view.lineage.parents] == [(Relation.QUANTIZED, "base")]
    assert [ref.rid for ref in view.lineage.dependents.systems] == [app.rid]
    assert view.lineage.ancestors.count == 1
    assert view.lineage.descendants.count == 0
    assert describe.system(registry.book, "base", registry.now).lineage.dependents.count == 1
    assert len(view.copies) == 1
    assert view.copies[0].process == "pid:4711:99"
    assert msgspec.json.decode(msgspec.json.encode(view), type=describe.SystemView) == view


def test_a_stopped_system_says_by_which_order_and_so_do_its_relatives() -> None:
    registry = Registry()
    firm = registry.party()
    base = registry.system(firm, "base")
    registry.system(firm, "child", edges=[(base, Relation.ADAPTER)])
    order = registry.stop(base)
    view = describe.system(registry.book, "child", registry.now)
    assert view.stopped == order
    assert view.lineage.parents[0].system.stopped == order


def test_a_long_list_is_counted_and_cut() -> None:
    registry = Registry()
    firm = registry.party()
    base = registry.system(firm, "base")
    for n in range(describe.SHOWN + 3):
        registry.system(firm, f"child {n}", edges=[(base, Relation.COPY)])
    related = describe.system(registry.book, "base", registry.now).lineage.descendants
    assert (related.count, len(related.systems)) == (describe.SHOWN + 3, describe.SHOWN)


def test_what_is_not_there_is_refused_and_a_schema_can_be_made() -> None:
    with pytest.raises(Refused, match=r"system\.unknown"):
        describe.system(Registry().book, "x", 1)
    _, schemas = msgspec.json.schema_components([describe.SystemView])
    assert {"SystemView", "PartyView", "DutyView", "TierView"} <= schemas.keys()
