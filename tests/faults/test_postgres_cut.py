# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL: the connection is cut at any byte of a batch, on the way there or on the way back. Whether the batch was
written is what the store says after it was opened anew: acknowledged then, or failed, and never neither or both."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.model.units import Unit
from answerable.sequencer.writer import Retention, Writer
from tests.faults.cutter import DOWN, UP, Cutter
from tests.faults.tally import TALLY
from tests.faults.test_writes import outcomes
from tests.ledger import ORIGIN, SIGNER, TestClock, guard_at, leaf, opening, recomputed
from tests.postgres import Server, store_at

TRIALS = 30


@pytest.fixture
def cutter(postgres: Server) -> Iterator[tuple[Cutter, str]]:
    with tempfile.TemporaryDirectory(prefix="anspg-") as folder:
        made = Cutter(Path(folder), postgres.folder)
        yield made, f"postgresql://postgres@/{postgres.database()}?host={folder}"
        made.close()


@pytest.mark.parametrize("direction", [UP, DOWN])
def test_a_connection_that_is_cut_anywhere(tmp_path: Path, cutter: tuple[Cutter, str], direction: str) -> None:
    cut, url = cutter
    store, guard = store_at(url)(tmp_path), guard_at(tmp_path)
    writer = Writer(store, SIGNER, ORIGIN, TestClock(), guard, Retention())
    writer.open()

    def unit() -> tuple[Unit, str]:
        made, its = opening()
        return Unit(leaves=(*made.leaves, leaf()), effects=made.effects, payloads=made.payloads), its

    assert outcomes(writer, unit()[0]) == [0]
    before = cut.carried[direction]
    assert outcomes(writer, unit()[0]) == [2]
    length = cut.carried[direction] - before
    assert length > 20
    written = 0
    for number in range(TRIALS):
        assert type(outcomes(writer, unit()[0])[0]) is int  # what is prepared once a connection is prepared
        size = store.head()[0]
        cuts = cut.cuts
        cut.arm(direction, (length + 1) * number // TRIALS)
        made, its = unit()
        result = outcomes(writer, made)
        cut.disarm()
        assert writer.broken is None, writer.broken
        assert cut.cuts > cuts or number == TRIALS - 1
        there = store.head()[0] == size + 2
        assert (result == [size]) == there
        assert there or store.head()[0] == size
        assert dict(writer.rows.space("opens")).get(its) == (b"1763782764123" if there else None)  # type: ignore[arg-type]
        assert recomputed(store) == store.head() == (guard.size, guard.root)
        view = store.view()
        assert (view.find(its) is not None) == there
        if there:
            assert view.payload(its, "in") == (made.payloads[0].salt, b"what is asked")
        view.close()
        written += there
        TALLY.count("postgres: connection cut in a batch", acknowledged=int(there))
    assert written == TRIALS or direction == UP, "what the server had whole was written"
    writer.close()
