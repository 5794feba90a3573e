# SPDX-License-Identifier: Apache-2.0
"""A gateway that is killed while a tool call waits for people: `python -m tests.faults.asker FOLDER JOURNAL`.

It writes the caller's handle and the hold into the folder, and waits to be killed.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Final

from tests.tool_gate import CLASSES, gate

CALL: Final[dict[str, Any]] = {"name": "pay", "arguments": {"to": "Ada", "amount": 3}}
ASKED: Final = "asked.json"
WAIT_S: Final = 60.0


async def main(folder: Path, journal: Path) -> None:
    async with gate(folder, journal=journal, classes={"pay": CLASSES["pay"]}) as it:
        waits = await it.modern("desk", "tools/call", CALL)
        hold = waits.json()["result"]["_meta"]["answerable/hold"]["hold"]
        part = folder / "asked.part"
        part.write_text(json.dumps({"key": it.key, "hold": hold}), encoding="utf-8")
        part.rename(folder / ASKED)
        await asyncio.sleep(WAIT_S)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
