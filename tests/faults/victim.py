# SPDX-License-Identifier: Apache-2.0
"""A process that writes to a log and tells an outside process what was acknowledged, until it is killed.

`python -m tests.faults.victim FOLDER` reads a line for each round: it forks a child that writes until it is killed, and
says "pid N", then "dead N". Each acknowledged record is a line with its id, each published checkpoint one with "=" and
base64. With `--once N` it writes N actions itself, through failures, and ends; `--make` makes the store first.
`--pages N` copies the write-ahead log back after N pages, `--normal` leaves out the sync of each commit, which is what
nobody may do. `--unlocked GUARD` takes no lock and has a guard of its own, as on a file system whose locks do not work.
`--url URL` writes to a PostgreSQL store.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from answerable.errors import AnswerableError
from answerable.log.leaf import rid
from answerable.ports import Store
from answerable.sequencer import sequencer as module
from answerable.sequencer.guard import Guard
from answerable.stores import database, sqlite
from tests.ledger import ORIGIN, closing, guard_at, opening, sequencer_over, sqlite_store

CLIENTS = 12
make: Callable[[Path], Store] = sqlite_store


def say(line: str) -> None:
    os.write(1, f"\n{line}\n".encode())


async def write(folder: Path, actions: int, guard: str = "") -> None:
    module.RETRY_MS = module.PUBLISH_EVERY_MS = 5
    own = Guard.open(folder / guard, ORIGIN) if guard else guard_at(folder)
    sequencer = sequencer_over(make(folder), own)
    await sequencer.start()
    left = actions

    async def client() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            unit, its = opening()
            close = closing(its)
            try:
                await sequencer.commit(unit)
                say(its)
                if left % 3:  # some are left open
                    await sequencer.commit(close)
                    say(rid(close.leaves[0]))
                if left % 20 == 0:
                    say("=" + base64.b64encode(await sequencer.published()).decode())
            except AnswerableError as error:
                say("!" + error.code)
                await asyncio.sleep(0.01)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    await sequencer.close()


def unsynced(path: Path) -> sqlite3.Connection:
    connection = database.connect(path)
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


class NoLock:
    """What a lock is where locks do nothing."""

    def __init__(self, path: Path) -> None:
        """Nobody is kept out."""

    def release(self) -> None:
        """Nothing is held."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--once", type=int)
    parser.add_argument("--pages", type=int, default=database.CHECKPOINT_PAGES)
    parser.add_argument("--normal", action="store_true")
    parser.add_argument("--unlocked", default="")
    parser.add_argument("--make", action="store_true")
    parser.add_argument("--url")
    args = parser.parse_args()
    database.CHECKPOINT_PAGES = args.pages  # type: ignore[misc]
    if args.normal:
        sqlite.connect = unsynced  # type: ignore[attr-defined]
    if args.url:
        from tests.postgres import store_at

        global make
        make = store_at(args.url)
    if args.unlocked:
        sqlite.Lock = NoLock  # type: ignore[attr-defined,misc,assignment]
    if args.make:
        make(args.folder).close()
        guard_at(args.folder).close()
        say("made")
    if args.once is not None:
        with contextlib.suppress(AnswerableError):  # a store that cannot be opened: the other side will say why
            asyncio.run(write(args.folder, args.once, args.unlocked))
        return
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(write(args.folder, 1 << 40))
            finally:
                os._exit(1)
        say(f"pid {child}")
        os.waitpid(child, 0)
        say(f"dead {child}")


if __name__ == "__main__":
    main()
