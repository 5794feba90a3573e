# SPDX-License-Identifier: Apache-2.0
"""A gateway that is killed in the middle of a tool call: `python -m tests.faults.caller FOLDER JOURNAL`.

It writes the caller's handle into the folder, makes one call that takes its time, and waits to be killed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any, Final

from tests.tool_gate import WRITES, gate

CALL: Final[dict[str, Any]] = {"name": "slow", "arguments": {"seconds": 8}}
KEY: Final = "handle.txt"


async def main(folder: Path, journal: Path) -> None:
    async with gate(folder, journal=journal, classes={"slow": WRITES, "note": WRITES}) as it:
        done = await it.modern("desk", "tools/call", {"name": "note", "arguments": {"text": "once"}})
        assert "Noted" in done.text
        (folder / KEY).write_text(it.key, encoding="utf-8")
        await it.modern("desk", "tools/call", CALL)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
