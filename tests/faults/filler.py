# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.faults.filler FOLDER`: fills the disk under FOLDER, then acts and stops; prints what happened."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from answerable.errors import AnswerableError
from answerable.model.units import Lane, Unit
from tests.ledger import guard_at, opening, recomputed, sequencer_over, sqlite_store


def fill(path: Path) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    size = 1 << 20
    while size:
        try:
            if os.write(file, bytes(size)) < size:
                size //= 2
        except OSError:
            size //= 2
    os.close(file)


async def main(folder: Path) -> dict[str, object]:
    store = sqlite_store(folder)
    sequencer = sequencer_over(store, guard_at(folder))
    await sequencer.start()

    async def outcome(unit: Unit) -> str:
        try:
            await sequencer.commit(unit)
        except AnswerableError as error:
            return f"{error.code} {error.params}"
        return "written"

    result: dict[str, object] = {"before": await outcome(opening()[0])}
    fill(folder / "filler")
    # Until what was allocated in advance is used up.
    body = bytes(100_000)
    actions = [await outcome(opening(body=body)[0]) for _ in range(12)]
    result["actions"] = actions
    result["stop"] = await outcome(opening(Lane.STOP)[0])
    (folder / "filler").unlink()
    result["after"] = await outcome(opening()[0])
    result["sound"] = recomputed(store) == store.head()
    await sequencer.close()
    return result


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(Path(sys.argv[1])))))
