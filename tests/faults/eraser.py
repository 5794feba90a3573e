# SPDX-License-Identifier: Apache-2.0
"""The program that `test_erasure.py` kills: erases one action after the other, and says each that is done on stdout.

    python -m tests.faults.eraser FOLDER [--wait] [--sweep]

With `--sweep` it sweeps days that are over instead, but for what is on the list.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from answerable.stores.sqlite import SqliteStore
from tests.ledger import DAY_MS, PAYLOAD_KEY

OVER = 120 * DAY_MS  # every day of the test's records is over


def main() -> None:
    folder = Path(sys.argv[1])
    store = SqliteStore.open(folder / "store", payload_key=PAYLOAD_KEY)
    todo = json.loads((folder / "todo.json").read_text())
    view = store.view()  # as in a running service: a reader keeps the index of tags open
    view.by_tag(b"none")
    print("ready", flush=True)
    if "--sweep" in sys.argv:
        held = {rid for _, rid in todo}
        while store.sweep(OVER, held.__contains__):
            pass
        store.tidy()
    else:
        for index, rid in todo:
            store.erase([(index, rid)])
            store.tidy([rid])
            print(rid, flush=True)
    print("end", flush=True)
    if "--wait" in sys.argv:  # for the kill
        sys.stdin.read()


if __name__ == "__main__":
    main()
