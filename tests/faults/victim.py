# SPDX-License-Identifier: Apache-2.0
"""A process that writes to a log and tells an outside process what was acknowledged, until it is killed.

`python -m tests.faults.victim FOLDER` reads a line for each round: it forks a child that writes until it is killed, and
says "pid N", then "dead N". Each acknowledged record is a line with its id, each published checkpoint one with "=" and
base64. With `--once N` it writes N actions itself, through failures, and ends.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import sys
from pathlib import Path

from answerable.errors import AnswerableError
from answerable.log.leaf import rid
from answerable.sequencer import sequencer as module
from tests.ledger import closing, guard_at, opening, sequencer_over, sqlite_store

CLIENTS = 12


def say(line: str) -> None:
    os.write(1, f"\n{line}\n".encode())


async def write(folder: Path, actions: int) -> None:
    module.RETRY_MS = module.PUBLISH_EVERY_MS = 5
    sequencer = sequencer_over(sqlite_store(folder), guard_at(folder))
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


def main() -> None:
    folder = Path(sys.argv[1])
    if sys.argv[2:3] == ["--once"]:
        with contextlib.suppress(AnswerableError):  # a store that cannot be opened: the other side will say why
            asyncio.run(write(folder, int(sys.argv[3])))
        return
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(write(folder, 1 << 40))
            finally:
                os._exit(1)
        say(f"pid {child}")
        os.waitpid(child, 0)
        say(f"dead {child}")


if __name__ == "__main__":
    main()
