# SPDX-License-Identifier: Apache-2.0
"""Power cuts: what the unchanged program wrote is replayed up to some call, then unsynced sectors are kept or dropped.

`FAULT_CUTS` sets how many cuts each recording gets; `make test-faults` asks for hundreds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from answerable.app import people
from answerable.app.core import open_core
from answerable.config import Config, StoreConfig
from answerable.errors import AnswerableError, Refused, Unavailable
from tests.faults.checks import check, heard
from tests.faults.disk import Disk, marks
from tests.faults.tally import TALLY
from tests.faults.trace import Call, calls, record, said
from tests.ledger import guard_at, sqlite_store

CUTS = int(os.environ.get("FAULT_CUTS", "14"))
ACTIONS = 48


@dataclass(slots=True)
class Recording:
    """folder: as the calls name it; before: what it was; acknowledged, notes: known before the first call."""

    folder: Path
    before: Path
    calls: list[Call]
    acknowledged: set[str]
    notes: list[bytes]


@dataclass(slots=True)
class Cut:
    """A folder as a cut left it, and what the outside had been told by then."""

    folder: Path
    acknowledged: set[str]
    notes: list[bytes]


@pytest.fixture
def dice() -> random.Random:
    seed = int(os.environ.get("FAULT_SEED", "0")) or random.randrange(1 << 30)
    print(f"FAULT_SEED={seed}")
    return random.Random(seed)


def recorded(place: Path, *options: str, start: Cut | None = None) -> Recording:
    """What the victim did, from an empty store or from what a cut left."""
    place.mkdir()
    folder, before = place / "run", place / "before"
    if start is not None:
        shutil.copytree(start.folder, folder)
    else:
        folder.mkdir()
        sqlite_store(folder).close()
        guard_at(folder).close()
    shutil.copytree(folder, before)
    record(place / "trace", "tests.faults.victim", str(folder), "--once", str(ACTIONS), *options)
    done = calls(place / "trace")
    known = (start.acknowledged, start.notes) if start else (set[str](), list[bytes]())
    return Recording(folder, before, done, *known)


def cuts(
    recording: Recording, dice: random.Random, count: int, *, liar: str = "\0", first: int = 0, last: int = 1 << 60
) -> Iterator[Cut]:
    """Cuts at places in random choice between `first` and `last`: half of them where the outside has just been told
    something, half anywhere."""
    told = list(said(recording.calls))
    anywhere = [mark[0] for mark in marks(recording.calls) if mark[1].name not in ("openat", "close")]
    chosen = [[at for at in kind if first <= at <= last] for kind in (anywhere, [at for at, _ in told])]
    kinds = [kind for kind in chosen if kind]
    places = [dice.choice(kinds[n % len(kinds)]) for n in range(count)]
    disk = Disk(recording.folder, recording.before, liar=liar)
    coming = iter(marks(recording.calls))
    mark = next(coming, None)
    for number, place in enumerate(sorted(places)):
        while mark is not None and mark[0] <= place:
            disk.step(mark[1], ends=mark[2])
            mark = next(coming, None)
        lines = b"".join(data for at, data in told if at <= place).decode().split("\n")
        records, notes = heard(line for line in lines if line)
        left = recording.folder.parent / f"cut-{number}"
        disk.cut(left, dice)
        yield Cut(left, recording.acknowledged | records, recording.notes + notes)
        shutil.rmtree(left)


def survives(kind: str, cut: Cut) -> None:
    """The store opens, and everything that was acknowledged is there."""
    try:
        asyncio.run(check(cut.folder, cut.acknowledged, cut.notes))
    except BaseException:
        TALLY.count(kind, lost=True, acknowledged=len(cut.acknowledged))
        raise
    TALLY.count(kind, acknowledged=len(cut.acknowledged))


def kept(cut: Cut, place: Path) -> Cut:
    """A copy that outlives the check, which writes to the original."""
    return Cut(shutil.copytree(cut.folder, place), cut.acknowledged, cut.notes)


@pytest.mark.system("strace")
@pytest.mark.parametrize("pages", ["4000", "12"])
def test_no_acknowledged_record_is_lost_in_a_power_cut(tmp_path: Path, dice: random.Random, pages: str) -> None:
    """Three lives, each beginning from what a cut of the one before has left: recovery is cut off too."""
    start: Cut | None = None
    for life in range(3):
        recording = recorded(tmp_path / str(life), "--pages", pages, start=start)
        chosen = dice.randrange(CUTS)
        for number, cut in enumerate(cuts(recording, dice, CUTS)):
            if number == chosen:
                start = kept(cut, tmp_path / f"start-{life}")
            survives("power cut", cut)


@pytest.mark.system("strace")
def test_the_simulator_sees_what_is_not_synced(tmp_path: Path, dice: random.Random) -> None:
    """With `synchronous=NORMAL` acknowledged records are lost; where the guard outlives them it says so."""
    recording = recorded(tmp_path / "a", "--normal")
    lost = 0
    for cut in cuts(recording, dice, 40):
        try:
            asyncio.run(check(cut.folder, cut.acknowledged, cut.notes))
        except (AssertionError, AnswerableError):
            lost += 1
    assert lost >= 8


@pytest.mark.system("strace")
def test_a_disk_that_lies_is_found_out_by_a_guard_on_an_honest_one(tmp_path: Path, dice: random.Random) -> None:
    """Syncs of the store do nothing. What was published is then never contradicted: the store is whole to there, or it
    is not signed for."""
    recording = recorded(tmp_path / "a")
    refused, codes = 0, set()
    for cut in cuts(recording, dice, 40, liar="store"):
        try:
            asyncio.run(check(cut.folder, set(), cut.notes))
        except Unavailable as error:
            codes.add(error.code)
            refused += 1
    assert refused >= 8
    assert codes <= {"store.damaged", "store.failed", "store.foreign", "store.missing", "store.rolled_back"}


def made_by(tmp_path: Path, module: str, *arguments: str) -> Recording:
    """What a program did that made a store in an empty folder `run`."""
    (tmp_path / "before").mkdir()
    (tmp_path / "run").mkdir()
    record(tmp_path / "trace", module, *arguments)
    return Recording(tmp_path / "run", tmp_path / "before", calls(tmp_path / "trace"), set(), [])


@pytest.mark.system("strace")
def test_a_store_is_made_whole_or_not_at_all(tmp_path: Path, dice: random.Random) -> None:
    recording = made_by(tmp_path, "tests.faults.victim", str(tmp_path / "run"), "--make", "--once", "12")
    made = next(at for at, data in said(recording.calls) if b"made" in data)
    for cut in cuts(recording, dice, CUTS, last=made - 1):
        with contextlib.suppress(Unavailable, Refused):  # then `init` is run again
            sqlite_store(cut.folder).close()
        TALLY.count("power cut while a store is made")
    for cut in cuts(recording, dice, CUTS, first=made):
        survives("power cut after a store was made", cut)


@pytest.mark.system("strace")
def test_what_init_has_made_outlives_a_power_cut(tmp_path: Path, dice: random.Random) -> None:
    """Once `init` has said that it is done: keys, people's cards, trust file, log and guard."""
    store = str(tmp_path / "run" / "store")
    options = ["--domain", "ai.test", "--operator", "NTRGB-12345678", "--name", "Example"]
    recording = made_by(tmp_path, "answerable.cli", "init", "--store", store, *options)
    done = next(at for at, data in said(recording.calls) if b"Made" in data)
    files = sorted(p.relative_to(tmp_path / "run") for p in (tmp_path / "run").rglob("*") if p.is_file())
    for cut in cuts(recording, dice, 6, first=done):
        lost = [str(file) for file in files if file.name != "reserve" and not (cut.folder / file).is_file()]
        assert not lost
        assert asyncio.run(_people(cut.folder / "store")) == 3
        cards = sorted((cut.folder / "store" / "people").glob("*.json"))
        assert [people.read(card).name for card in cards] == ["admin", "officer-1", "officer-2"]
        TALLY.count("power cut after init")


async def _people(store: Path) -> int:
    core = await open_core(Config(store=StoreConfig(path=str(store))))
    found = len(list(core.book.admins()))
    await core.close()
    return found
