# SPDX-License-Identifier: Apache-2.0
"""A store with keys, guard, trust file and mirror, to be damaged and mended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from answerable.app import keys as own_keys
from answerable.app.repair import fsck
from answerable.config import Config, StoreConfig
from answerable.errors import AnswerableError
from answerable.log.note import VerifierKey
from answerable.log.trust import Trust, format
from answerable.model.units import Unit
from answerable.sequencer.guard import Guard
from answerable.sequencer.lanes import Entry
from answerable.sequencer.writer import Retention, Writer
from answerable.stores.sqlite import SqliteStore
from answerable.stores.view import SqliteView
from answerable.tiles.live import Live
from answerable.tiles.mirror import Mirror
from tests.ledger import TestClock
from tests.small_registry import ORIGIN


class Place:
    """A store, its guard and a mirror, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.path, self.guard, self.mirrored = folder / "store", folder / "store.guard", folder / "mirror"
        self.config = Config(store=StoreConfig(path=str(self.path)))
        self.path.mkdir()
        self.keys = own_keys.create(self.path)
        self.trust = Trust((VerifierKey.of(ORIGIN, self.keys.log.public),))
        (self.path / "trust.txt").write_bytes(format(self.trust))
        SqliteStore.create(self.path, payload_key=self.keys.payload).close()
        Guard.create(self.guard, ORIGIN).close()

    @classmethod
    def at(cls, folder: Path, other: Place) -> Place:
        """One whose files are a copy of the other's."""
        made = cls.__new__(cls)
        made.__dict__ |= other.__dict__
        made.path, made.guard, made.mirrored = folder / "store", folder / "store.guard", folder / "mirror"
        made.config = Config(store=StoreConfig(path=str(made.path)))
        return made

    def grow(self, units: Sequence[Unit], *, publish: bool = True) -> None:
        writer = self.writer()
        loop = asyncio.new_event_loop()
        for number in range(0, len(units), 3):
            entries = [Entry(unit, loop.create_future(), 1) for unit in units[number : number + 3]]
            writer.write(entries)
            assert not [e.outcome for e in entries if isinstance(e.outcome, AnswerableError)]
        loop.close()
        if publish:
            writer.close()
        else:
            writer._store.close()
            writer._guard.close()

    def writer(self) -> Writer:
        """As a start has it. Raises what keeps it from starting."""
        store = SqliteStore.open(self.path, payload_key=self.keys.payload)
        guard = Guard.open(self.guard, ORIGIN)
        made = Writer(store, self.keys.log, ORIGIN, TestClock(), guard, Retention())
        try:
            made.open()
        except BaseException:
            store.close()
            guard.close()
            raise
        return made

    def mirror(self, to: str = "") -> str:
        view = SqliteView(self.path, self.keys.payload)
        live = Live(view, (self.guard / "published").read_bytes)
        Mirror(live, self.mirrored.with_name(to or "mirror"), self.trust).update()
        live.close()
        return str(self.mirrored.with_name(to or "mirror"))

    def rows(self) -> dict[str, dict[str, bytes]]:
        view = SqliteView(self.path, self.keys.payload)
        rows = {space: dict(held) for space, held in view.state()[1].items() if held}
        view.close()
        return rows

    def lose_log(self) -> None:
        for file in self.path.glob("*.db*"):
            file.unlink()

    def sound(self) -> None:
        found = fsck(self.config)
        assert found.sound, [str(finding) for finding in found.findings]
        self.writer().close()
