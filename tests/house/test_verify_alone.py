# SPDX-License-Identifier: Apache-2.0
"""Verification stands alone: a process that has two files, no store, no network and no home verifies every form of
receipt, and nothing of ours is loaded for it but what someone would ship with `answerable.verify`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from answerable.log import cose, proof, trust
from tests.small_log import ORIGIN, world

ROOMS = {"verify", "log", "admission", "crypto", "model", "errors"}
# Rooms that a command of the command line may load beside them; no adapter, no listener, no store.
COMMAND = ROOMS | {"cli", "config", "registry"}
_VERIFY = """
import json, sys
from pathlib import Path
from answerable.log.trust import parse
from answerable.verify import cose, leaf, receipt

trust = parse(Path("trust.txt").read_bytes())
said = [
    receipt.verify(Path("out.tlog").read_bytes(), trust).record,
    leaf.verify(Path("leaf.tlog-proof").read_bytes(), trust).rid,
    cose.verify_record(Path("out.cbor").read_bytes(), trust).record,
]
print(json.dumps([said, sorted(sys.modules)]))
"""
_COMMAND = """
import json, sys
from answerable.cli import main
status = [main(["verify", name, "--trust", "trust.txt"]) for name in ("out.tlog", "leaf.tlog-proof", "out.cbor")]
print(json.dumps([status, sorted(sys.modules)]))
"""
_NO_WAY_OUT = """
import errno, os, socket
sock = socket.socket()
try:
    sock.connect(("127.0.0.1", 9))
except OSError as error:
    assert error.errno == errno.ENETUNREACH, error
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    small = world()
    log, rids = small.log, small.rids
    record = log.proved(log.index(rids["open"]))
    others = [log.proved(log.index(member)) for member in small.members]
    (tmp_path / "trust.txt").write_bytes(trust.format(log.trust))
    (tmp_path / "out.tlog").write_bytes(small.receipt())
    (tmp_path / "leaf.tlog-proof").write_bytes(
        proof.write(proof.Proof(record.leaf, record.index, record.path, log.checkpoint()))
    )
    (tmp_path / "out.cbor").write_bytes(cose.sign_inclusion(ORIGIN, log.frontier.size, record, others, log.signer))
    return tmp_path


def alone(program: str, folder: Path, *prefix: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, sys.executable, "-c", program],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder / "nobody"), "ANSWERABLE_LANG": "en"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def rooms(modules: list[str]) -> set[str]:
    return {name.split(".")[1] for name in modules if name.startswith("answerable.")}


def test_nothing_else_of_ours_is_loaded(files: Path) -> None:
    done = alone(_VERIFY, files)
    assert done.returncode == 0, done.stderr
    said, modules = json.loads(done.stdout)
    assert said == [world().rids["open"]] * 3
    assert rooms(modules) <= ROOMS
    assert not {"sqlite3", "asyncio", "ssl", "http.client", "starlette", "httptools", "uvloop"} & set(modules)


def test_the_command_loads_no_store_and_no_listener(files: Path) -> None:
    done = alone(_COMMAND, files)
    assert done.returncode == 0, done.stderr
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert status == [0, 0, 0]
    assert rooms(modules) <= COMMAND
    assert not {"sqlite3", "asyncio", "starlette", "httptools", "uvloop"} & set(modules)


@pytest.mark.system("unshare")
def test_with_no_network_and_no_store(files: Path) -> None:
    unshare = shutil.which("unshare")
    assert unshare
    prefix = (unshare, "--user", "--map-root-user", "--net")
    nothing = alone(_NO_WAY_OUT, files, *prefix)
    if nothing.returncode and "unshare" in nothing.stderr:
        pytest.skip("this system lets nobody make a network namespace")
    assert nothing.returncode == 0, nothing.stderr
    for program in (_VERIFY, _COMMAND):
        done = alone(program, files, *prefix)
        assert done.returncode == 0, done.stderr
    assert not (files / "nobody").exists()
