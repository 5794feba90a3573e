# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from answerable.crypto.random import nonce, salt
from answerable.log.leaf import encode, rid
from answerable.model.leaves import CloseLeaf, Commitments, IncidentLeaf, OpenLeaf
from answerable.model.records import LegalHold
from answerable.model.units import Payload, Put, Space, Unit
from answerable.ports import Store
from answerable.sequencer import keeping
from answerable.sequencer.rows import Rows
from tests.ledger import DAY_MS, append, leaf, memory_store, sqlite_store


class Case:
    """An action with its end and an incident, and a legal hold that may stand."""

    def __init__(self, store: Store) -> None:
        self.store = store
        opened = encode(
            OpenLeaf(
                act="generation", c=Commitments(in_="c"), dec="permit", n=nonce(), par=[], party="p" * 32, pol="0" * 64,
                rule="R001", sys="s" * 32, t=1, tier=0, via="m" * 32, war="w" * 32, wld="information",
            )
        )  # fmt: skip
        self.open = rid(opened)
        closed = encode(CloseLeaf(n=nonce(), open=self.open, st="done", t=2))
        incident = encode(IncidentLeaf(evl=False, lvl="red", n=nonce(), open=self.open, rl="r", sys="s" * 32, t=3))
        self.leaves = [opened, closed, incident]
        self.rids = [rid(data) for data in self.leaves]
        self.stranger = leaf()
        payloads = tuple(
            Payload(each, group, salt(), b"body")
            for each, group in zip(self.rids, ("in", "out", "evidence"), strict=True)
        )
        append(store, Unit(leaves=tuple(self.leaves), payloads=payloads), expires=5 * DAY_MS)
        other = Payload(rid(self.stranger), "in", salt(), b"body")
        append(store, Unit(leaves=(self.stranger,), payloads=(other,)), expires=5 * DAY_MS)

    def hold(self, scope: str, of: str, lifted: str = "") -> None:
        row = LegalHold(rid="h" * 32, scope=scope, of=of, at=1, reason="r", officers=(), lifted=lifted)
        append(self.store, Unit(leaves=(leaf(),), effects=(Put(Space.PRESERVED, row.rid, msgspec.json.encode(row)),)))

    def sweep(self) -> list[bool]:
        """Which payloads are left: of the three leaves, and of a leaf of another kind."""
        while keeping.sweep(self.store, Rows(self.store), 9 * DAY_MS):
            pass
        view = self.store.view()
        groups = ("in", "out", "evidence", "in")
        rids = (*self.rids, rid(self.stranger))
        left = [view.payload(each, group) is not None for each, group in zip(rids, groups, strict=True)]
        view.close()
        return left


@pytest.fixture(params=[sqlite_store, memory_store])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    store: Store = request.param(tmp_path)
    yield Case(store)
    store.close()


def test_without_a_hold_all_goes(case: Case) -> None:
    assert case.sweep() == [False] * 4


@pytest.mark.parametrize(
    ("scope", "of"), [("party", "p" * 32), ("system", "s" * 32), ("system", "m" * 32), ("record", "")]
)
def test_a_hold_keeps_an_actions_payloads_all_of_them(case: Case, scope: str, of: str) -> None:
    case.hold(scope, of or case.open)
    assert case.sweep()[:3] == [True] * 3
    assert case.sweep()[3]  # of what kind it is cannot be told: it stays while any hold stands
    case.hold(scope, of or case.open, lifted="l" * 32)
    assert case.sweep() == [False] * 4


@pytest.mark.parametrize(("scope", "of"), [("party", "s" * 32), ("system", "p" * 32), ("record", "r" * 32)])
def test_a_hold_on_something_else_keeps_no_action(case: Case, scope: str, of: str) -> None:
    case.hold(scope, of)
    assert case.sweep()[:3] == [False] * 3
