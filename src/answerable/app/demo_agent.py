# SPDX-License-Identifier: Apache-2.0
"""The demo's agent: a process with a key and a warrant of its own that asks the model something now and then.

    answerable copy start "Demo agent" -- python -m answerable.app.demo_agent

Its warrant lies in the file that ANSWERABLE_WARRANT_FILE names and is renewed there by `copy start`: it is read anew
for each call. A refused call ends the agent: a copy that may not act does not try again.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from answerable.app.demo_chat import ask

EVERY_S = 60.0
QUESTIONS = ("Name one kind of cloud.", "Name one river.", "Name one metal.")


def main() -> int:
    base_url, file = os.environ.get("OPENAI_BASE_URL"), os.environ.get("ANSWERABLE_WARRANT_FILE")
    if not base_url or not file:
        print("start it with: answerable copy start SYSTEM -- python -m answerable.app.demo_agent", file=sys.stderr)
        return 2
    turn = 0
    while True:
        try:
            warrant = Path(file).read_text(encoding="ascii").strip()
            if ask(base_url, warrant, QUESTIONS[turn % len(QUESTIONS)], tokens=8).status in (401, 403):
                return 1
        except OSError:
            return 4
        turn += 1
        time.sleep(EVERY_S)


if __name__ == "__main__":
    raise SystemExit(main())
