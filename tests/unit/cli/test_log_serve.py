# SPDX-License-Identifier: Apache-2.0
"""`log serve` as its user runs it: a process of its own beside the one that writes the log."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from answerable.log.trust import parse
from answerable.net.source import Web
from answerable.tiles.mirror import Mirror
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def serving(*words: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "answerable.cli", "log", "serve", "--port", "0", "--json", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    return process, str(json.loads(line)["url"]) if line else ""


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    return process.returncode, err


def test_a_live_store_is_served_and_mirrored(house: House, run: Run, tmp_path: Path) -> None:
    house.act("Served.")
    head = run("log", "checkpoint").out.encode()
    trust = parse((house.store / "trust.txt").read_bytes())
    process, url = serving("--store", str(house.store))
    try:
        source = Web(url)
        size = Mirror(source, tmp_path / "mirror", trust).update().size
        assert size >= int(head.split(b"\n")[1])
        house.act("Later.")
        run("log", "checkpoint")
        assert Mirror(source, tmp_path / "mirror", trust).update().size > size
        source.close()
    finally:
        status, err = ended(process)
    assert status == 0, err
    # And the mirror's folder is served in turn.
    process, url = serving(str(tmp_path / "mirror"))
    try:
        source = Web(url)
        assert source.get("checkpoint", 65_536) == (tmp_path / "mirror" / "checkpoint").read_bytes()
        source.close()
    finally:
        assert ended(process)[0] == 0


def test_beyond_loopback_only_with_tls_or_told_so(house: House, run: Run) -> None:
    said = run("log", "serve", "--host", "0.0.0.0", "--port", "0")
    assert said.status != 0
    assert "config.unsafe_bind" in said.err


def test_without_a_store(run: Run, tmp_path: Path) -> None:
    said = run("log", "serve", "--store", str(tmp_path / "none"), "--port", "0")
    assert said.status == 4


def test_a_name_that_no_host_has_is_a_matter_of_usage(run: Run, tmp_path: Path) -> None:
    said = run("log", "serve", str(tmp_path), "--port", "0", "--name", "a..b")
    assert said.status == 2
    assert "config.value" in said.err
    assert "a..b" in said.err
