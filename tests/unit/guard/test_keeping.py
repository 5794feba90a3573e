# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from answerable.guard import keeping
from answerable.guard.cage import Cage
from answerable.guard.folder import Folder
from answerable.guard.keeping import Keeping
from answerable.guard.standing import Standing
from tests.unit.guard.offices import IDENTITY, Office


class Group:
    def __init__(self, *, gone: bool) -> None:
        self.gone = gone

    def processes(self) -> list[int]:
        if self.gone:
            raise FileNotFoundError
        return [os.getpid(), 1]


def caged(group: Group | None) -> Cage:
    return cast("Cage", SimpleNamespace(cgroup=group, pid=os.getpid()))


async def test_what_there_is_is_written_down_for_its_order(tmp_path: Path) -> None:
    standing = Standing(IDENTITY.audience, None)
    standing.leased = await Office().source().next()
    folder = Folder(tmp_path / "evidence")
    found: list[list[int]] = []
    for group in (Group(gone=False), Group(gone=True), None):
        making = keeping.begin(folder, standing, caged(group), reason="stop.system", order="o" * 32)
        assert making.written.result(5)
        path = await making.kept()
        assert path == making.path
        what: dict[str, Any] = json.loads(making.path.read_text())
        assert (what["reason"], what["order"]) == ("stop.system", "o" * 32)
        assert what["warrant"]["grant"] == standing.leased.warrant.grant
        found.append([process["pid"] for process in what["processes"]])
    assert found == [[os.getpid(), 1], [], [os.getpid()]]
    folder.close()


async def test_a_disk_that_hangs_or_is_full_is_not_waited_for_and_that_is_said(tmp_path: Path) -> None:
    said: list[tuple[str, str]] = []
    full: Future[bool] = Future()
    full.set_result(False)
    for written in (Future(), full):
        making = Keeping(tmp_path / "stop-1.json", written)
        kept = await making.kept()
        assert kept is None
        making.say(kept, lambda *words: said.append(words))
    assert len(said) == 2
    assert all("stop-1.json" in word for words in said for word in words)
    making.say(tmp_path, lambda *words: said.append(words))
    assert len(said) == 2, "nothing is said of what is there"
