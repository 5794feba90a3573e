# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.log.leaf import decode, encode
from answerable.model.leaves import ToolLeaf
from answerable.model.terms import AdminRole, Criticality, Effect, World
from answerable.model.tools import Bound, MeterKind, ToolClass, ToolMeter, ToolState
from answerable.tools import told

texts = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=12)
counts = st.integers(0, 2**31)
classes = st.builds(
    ToolClass,
    world=st.sampled_from(World),
    criticality=st.sampled_from(Criticality),
    domain=texts,
    effect=st.sampled_from(Effect),
    undo=texts,
    dry_run=texts,
    approvals=st.integers(0, 8),
    roles=st.lists(st.sampled_from(AdminRole), max_size=3).map(tuple),
    meters=st.lists(
        st.builds(
            ToolMeter, kind=st.sampled_from(MeterKind), amount=texts, minor=st.integers(0, 6), currency=texts,
            currency_at=texts, most=counts,
        ),
        max_size=2,
    ).map(tuple),
    rate=st.integers(0, 1_000_000),
    idempotency_s=st.integers(0, 31_536_000),
    envelope=st.none()
    | st.lists(
        st.builds(
            Bound, at=texts, least=texts, most=texts, one_of=st.lists(texts, max_size=2).map(tuple), longest=counts,
            optional=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    max_tier=st.integers(0, 4),
    attestation=texts,
    generates=st.booleans(),
)  # fmt: skip


def leaf(st_: str, **more: object) -> ToolLeaf:
    return ToolLeaf(n="n", name="pay", pin="sha256:" + "0" * 64, srv="desk", st=st_, sys="s" * 32, t=7, **more)  # type: ignore[arg-type]


@given(classes)
def test_a_class_comes_back_from_its_leaf(said: ToolClass) -> None:
    read = decode(encode(leaf(told.CLASSIFY, cls=told.class_ref(said)), limit=65_535))
    assert isinstance(read, ToolLeaf)
    first = told.row(leaf(told.IMPORT), "first", None)
    row = told.row(read, "second", first)
    assert {name: getattr(row, name) for name in ToolClass.__struct_fields__} == {
        name: getattr(said, name) for name in ToolClass.__struct_fields__
    }
    assert (row.state, row.rid, row.since, row.key) == (ToolState.CLASSIFIED, "second", 7, "desk/pay")


def test_what_each_word_does_to_the_row() -> None:
    said = ToolClass(world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="search", effect=Effect.READ)
    first = told.row(leaf(told.IMPORT), "1", None)
    assert (first.state, first.effect, first.criticality) == (
        ToolState.UNCLASSIFIED, Effect.IRREVERSIBLE, Criticality.CRITICAL
    )  # fmt: skip
    known = told.row(leaf(told.CLASSIFY, cls=told.class_ref(said)), "2", first)
    pinned = told.row(leaf(told.PIN, att="a" * 32), "3", known)
    assert (pinned.state, pinned.effect, pinned.attested) == (ToolState.CLASSIFIED, Effect.READ, "a" * 32)
    gone = told.row(leaf(told.WITHDRAW), "4", pinned)
    assert gone.state is ToolState.WITHDRAWN
    again = told.row(leaf(told.IMPORT), "5", gone)
    assert (again.state, again.effect) == (ToolState.UNCLASSIFIED, Effect.IRREVERSIBLE), "what it was is forgotten"


@pytest.mark.parametrize("wrong", [leaf(told.CLASSIFY), leaf(told.PIN), leaf(told.WITHDRAW), leaf("bless")])
def test_what_cannot_follow(wrong: ToolLeaf) -> None:
    with pytest.raises(ValueError):
        told.row(wrong, "1", None)


def test_a_class_that_says_nothing() -> None:
    with pytest.raises(ValueError):
        told.row(leaf(told.CLASSIFY), "2", told.row(leaf(told.IMPORT), "1", None))
