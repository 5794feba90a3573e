# SPDX-License-Identifier: Apache-2.0
"""Hours in which nothing happens but work: memory, open files and the write-ahead log stay bounded, and at the end
everything is there. `FAULT_SOAK_S` says how long; `make test-faults` takes minutes, anyone may take a night."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from answerable.errors import AnswerableError
from answerable.log.leaf import rid
from answerable.model.units import Lane
from answerable.sequencer import sequencer as module
from answerable.sequencer.audit import audit
from answerable.sequencer.guard import peek
from answerable.sequencer.reader import Reader
from answerable.sequencer.sequencer import Sequencer
from tests.faults.tally import TALLY
from tests.ledger import DAY_MS, ORIGIN, VKEY, TestClock, closing, guard_at, opening, sequencer_over, sqlite_store

SECONDS = float(os.environ.get("FAULT_SOAK_S", "6"))
CLIENTS = 24
SAID = sha256(b"what is said").digest()  # by `closing`
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def held(known: dict[str, bytes]) -> int:
    """What this test itself keeps: the more, the faster the log is."""
    return sys.getsizeof(known) + sum(sys.getsizeof(its) + sys.getsizeof(digest) for its, digest in known.items())


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def work(sequencer: Sequencer, reader: Reader, clock: TestClock, until: float, known: dict[str, bytes]) -> None:
    dice = random.Random()

    async def client() -> None:
        while time.monotonic() < until:
            lane = Lane.STOP if dice.random() < 0.01 else Lane.ACTION
            body = dice.randbytes(dice.choice((20, 400, 4000)))
            unit, its = opening(lane, body)
            try:
                await sequencer.commit(unit)
                known[its] = sha256(body).digest()
                close = closing(its)
                await sequencer.commit(close)
                known[rid(close.leaves[0])] = SAID
            except AnswerableError as error:
                if error.code != "log.full":
                    raise
            if dice.random() < 0.02:
                sequencer.count_refusal("warrant.missing")
                proved = await reader.prove(its)
                assert rid(proved.leaf) == its
            if dice.random() < 0.01:
                await sequencer.published()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


@pytest.mark.timeout(int(SECONDS) * 3 + 120)
async def test_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REFUSALS_EVERY_S", 0.2)
    monkeypatch.setattr(module, "SWEEP_EVERY_MS", 50)
    clock = TestClock()
    known: dict[str, bytes] = {}
    lives = max(2, int(SECONDS // 60))
    memory: list[int] = []
    for _ in range(lives):
        sequencer = sequencer_over(sqlite_store(tmp_path), guard_at(tmp_path), clock=clock)
        await sequencer.start()
        reader = Reader(sequencer._writer._store, published=sequencer.published)
        before = descriptors()
        await work(sequencer, reader, clock, time.monotonic() + SECONDS / lives, known)
        assert descriptors() <= before + 40, "files are left open"
        assert (tmp_path / "store" / "log.db-wal").stat().st_size < 80 << 20, "the write-ahead log is not copied back"
        memory.append(resident() - held(known))
        await reader.close()
        await sequencer.close()
    assert memory[-1] < memory[0] + (150 << 20), "memory grows"
    store = sqlite_store(tmp_path)
    view = store.view()
    found = audit(view, [VKEY], peek(tmp_path / "guard", ORIGIN), state=False)
    assert found.sound, found.findings
    assert len(known) > 100
    for its in known:
        assert view.find(its) is not None, "acknowledged and lost"
    for its, digest in random.sample(sorted(known.items()), 100):
        kept = view.payload(its, "in" if digest != SAID else "out")
        assert kept is not None
        assert sha256(kept[1]).digest() == digest
    view.close()
    # A month later nothing of what was said is left, and the log is as sound as before.
    while store.sweep(clock.now_ms() + 40 * DAY_MS):
        pass
    assert not [path for path in (tmp_path / "store" / "payloads").iterdir() if not path.name.startswith("0-")]
    store.close()
    TALLY.count(f"soak of {SECONDS:.0f} s", acknowledged=len(known))
