# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from answerable.guard import landlock

pytestmark = pytest.mark.skipif(landlock.abi() < landlock.SCOPES_ABI, reason="this kernel has no Landlock of ABI 6")

TRY = """
import encodings.idna, json, os, signal, socket, sys
from answerable.guard import landlock, syscalls
given, tries = json.loads(sys.argv[1])
ports = [None if each is None else tuple(each) for each in given["ports"]]
rules = landlock.Rules(tuple(given["read"]), tuple(given["write"]), *ports)
syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
landlock.restrict(rules)
said = []
for what in tries:
    try:
        exec(what)
        said.append("")
    except OSError as error:
        said.append(type(error).__name__)
print(json.dumps(said))
"""


def tried(*tries: str, read: tuple[str, ...] = (), write: tuple[str, ...] = (), ports: object = ([], [])) -> list[str]:
    given = {"read": ["/usr", *read], "write": list(write), "ports": ports}
    done = subprocess.run(
        [sys.executable, "-c", TRY, json.dumps([given, tries])], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    said: list[str] = json.loads(done.stdout)
    return said


def test_it_reads_and_writes_what_it_was_given_and_nothing_else(tmp_path: Path) -> None:
    for name in ("mine", "theirs", "seen"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    said = tried(
        f"open('{tmp_path}/mine/file', 'w').write('y')",
        f"os.rename('{tmp_path}/mine/file', '{tmp_path}/mine/other')",
        f"open('{tmp_path}/seen/file').read()",
        f"open('{tmp_path}/seen/file', 'a')",
        f"open('{tmp_path}/theirs/file')",
        f"os.listdir('{tmp_path}')",
        f"os.mknod('{tmp_path}/mine/null', 0o20666, os.makedev(1, 3))",
        read=(str(tmp_path / "seen"),),
        write=(str(tmp_path / "mine"), str(tmp_path / "not there")),
    )
    assert said == ["", "", "", *["PermissionError"] * 4]


def test_it_connects_and_listens_where_it_was_told() -> None:
    said = tried(
        "socket.create_connection(('127.0.0.1', 9), 1)",
        "socket.create_connection(('127.0.0.1', 10), 1)",
        "socket.create_server(('127.0.0.1', 0))",
        ports=([9], []),
    )
    assert said == ["ConnectionRefusedError", "PermissionError", "PermissionError"], "9 is let through, to nobody"
    assert tried("socket.create_server(('127.0.0.1', 0))", ports=(None, None)) == [""]


def test_it_signals_nobody_outside() -> None:
    other = subprocess.Popen(["sleep", "30"])
    try:
        assert tried(f"os.kill({other.pid}, 0)", f"os.kill({os.getpid()}, 0)") == ["PermissionError"] * 2
    finally:
        other.kill()
        other.wait()
