# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from answerable.guard.evidence import STATES, add_state, digest_of, gather, keep
from answerable.guard.folder import Folder
from answerable.guard.standing import Call
from tests.unit.guard.offices import Office


async def test_it_names_order_warrant_calls_and_processes_and_holds_no_token() -> None:
    leased = await Office().source().next()
    call = Call(5, "POST", "/v1/x", 200, "aa", "bb")
    what = gather(
        reason="stop.system", order="o" * 32, leased=leased, calls=[call], flying=1, processes=[os.getpid()], at=7
    )
    assert (what["order"], what["in_flight"], what["at"]) == ("o" * 32, 1, 7)
    assert what["calls"] == [{"at": 5, "method": "POST", "path": "/v1/x", "status": 200, "sent": "aa", "got": "bb"}]
    assert what["processes"][0]["pid"] == os.getpid()
    assert what["processes"][0]["file"]
    assert what["warrant"]["grant"] == leased.warrant.grant
    assert what["warrant"]["sha256"] == hashlib.sha256(leased.held.token.encode()).hexdigest()
    assert leased.held.token not in json.dumps(what)


def test_it_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new" / "evidence")
    path = folder.path / "stop-1.json"
    assert keep(folder, "stop-1", {"a": 1}).result(5)
    assert json.loads(path.read_text()) == {"a": 1}
    assert (path.stat().st_mode & 0o777, folder.path.stat().st_mode & 0o777) == (0o600, 0o700)
    add_state(folder, {"state": "running"})
    add_state(folder, {"state": "sealed"})
    assert folder.flush()
    assert [json.loads(line)["state"] for line in (folder.path / STATES).read_text().splitlines()] == [
        "running",
        "sealed",
    ]


def test_what_cannot_be_written_holds_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert keep(Folder(tmp_path / "file" / "under"), "x", {}).result(0) is False
    add_state(Folder(tmp_path / "file" / "under"), {})


def test_a_program_is_known_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(b"abc")
    assert digest_of(str(tmp_path / "program")) == hashlib.sha256(b"abc").hexdigest()
    assert digest_of(str(tmp_path / "nothing")) == ""
