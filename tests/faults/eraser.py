# SPDX-License-Identifier: Apache-2.0
"""The program that `test_erasure.py` kills: erases one action after the other, and says each that is done on stdout.

    python -m tests.faults.eraser FOLDER [--wait] [--sweep | --fresh]

With `--sweep` it sweeps days that are over instead, but for what is on the list. With `--fresh` it erases what it has
just written, and says before with what sealed bytes the log carries that.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from answerable.stores.payload_form import HEAD
from answerable.stores.sqlite import SqliteStore
from answerable.stores.unsynced import carried
from tests.ledger import DAY_MS, PAYLOAD_KEY, append, opening

OVER = 120 * DAY_MS  # every day of the test's records is over
FRESH = 4


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
    elif "--fresh" in sys.argv:
        for _ in range(FRESH):
            index = store.head()[0]
            unit, its = opening(body=b"what is asked" * 90)
            append(store, unit)
            *_, (_, record) = carried(store._database)
            print(its, record[HEAD.size : HEAD.size + 40].hex(), record[-40:].hex(), flush=True)
            store.erase([(index, its)])
            print(its, flush=True)
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
