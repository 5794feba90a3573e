# SPDX-License-Identifier: Apache-2.0
"""`answerable pulse` as its user runs it; `run` as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from answerable.admission import orders, pulse
from answerable.admission.trust import Trust
from answerable.app.beating import pinned
from answerable.config import PulseConfig
from tests.unit.admission.a_stop import ANNA_KID, ORIGIN, STRANGER, issued, order, system
from tests.unit.app.small_pulse import PINS
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


@pytest.fixture
def folder(tmp_path: Path, run: Run) -> Path:
    pins = tmp_path / "pins.json"
    pins.write_bytes(msgspec.json.encode({**msgspec.to_builtins(PINS), "pulses": {}, "planes": []}))
    assert run("pulse", "init", str(tmp_path / "p"), "--pins", str(pins)).status == 0
    return tmp_path / "p"


def begin(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "answerable.cli", "pulse", "run", str(folder), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)


def end(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    return out, err


def test_it_learns_from_the_registry_whose_word_to_take(house: House, run: Run, tmp_path: Path) -> None:
    told = run("pulse", "init", str(tmp_path / "p"), "--json").data
    assert told["origin"] == house.core.origin
    assert told["officers"] >= 2
    assert told["name"].startswith("spiffe://")
    assert list(pinned(PulseConfig(keys=(told["pin"],))).values())
    assert f'keys = ["{told["pin"]}"]' in run("pulse", "key", str(tmp_path / "p")).out


def test_what_makes_no_pulse_is_said(folder: Path, run: Run) -> None:
    assert run("pulse", "run", str(folder)).status == 2  # nobody would hear it
    for words in (("--every", "20"), ("--valid-for", "301"), ("--listen", "here")):
        assert run("pulse", "run", str(folder), "--to", "-", *words).status == 2
    assert run("pulse", "run", str(folder.parent), "--to", "-").status == 4
    assert run("pulse", "init", str(folder), "--pins", str(folder)).status == 2


def test_offline_from_a_file_to_standard_output(folder: Path, run: Run, tmp_path: Path) -> None:
    source = tmp_path / "orders.jsonl"
    source.write_bytes(issued(order(7), 7, epoch=1) + b"\n")
    process = begin(folder, "--from", str(source), "--to", "-", "--every", "0.2", "--clock", "same-host")
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline().rstrip(b"\n") for _ in range(3)]
    finally:
        _, err = end(process)
    assert b"beats every 0.2 s" in err
    pin = run("pulse", "key", str(folder), "--json").data["pin"]
    trust = Trust(ORIGIN, pulses=pinned(PulseConfig(keys=(pin,))))
    beats = [pulse.read(line, trust) for line in lines]
    assert [beat.epoch for beat in beats] == [1, 1, 1]
    assert beats[0].seq < beats[1].seq < beats[2].seq
    kept = tmp_path / "pulse.json"
    kept.write_bytes(lines[-1])
    shown = run("pulse", "show", str(kept), "--pin", pin, "--json").data
    assert (shown["seq"], shown["orders"]) == (beats[-1].seq, 1)
    kept.write_bytes(lines[-1].replace(b'"epoch":1', b'"epoch":2'))
    assert run("pulse", "show", str(kept), "--pin", pin).status == 1


def test_a_machine_whose_clock_is_not_synchronised_gives_no_beat(folder: Path, tmp_path: Path) -> None:
    from answerable.net.timex import read_clock

    reading = read_clock()
    if reading is not None and reading.synchronised:
        pytest.skip("this machine's clock is synchronised")
    target = tmp_path / "pulse.json"
    process = begin(folder, "--to", str(target), "--every", "0.1")
    assert process.stderr is not None
    said = b""
    while b"synchronised" not in said:  # it speaks once it has tried to beat
        line = process.stderr.readline()
        assert line, said
        said += line
    time.sleep(0.3)
    assert not target.exists()
    end(process)


def test_an_officers_order_reaches_the_next_beat(folder: Path, run: Run, tmp_path: Path) -> None:
    target, given = tmp_path / "pulse.json", tmp_path / "order.json"
    process = begin(folder, "--to", str(target), "--every", "0.2", "--clock", "same-host")
    try:
        given.write_bytes(orders.direct(order(7), origin=ORIGIN, subject=system(7), num=7) + b"\n")
        assert "terminate" in run("pulse", "order", str(folder), str(given)).out
        forged = tmp_path / "forged.json"
        leaf = order(8, by=((STRANGER, ANNA_KID),))
        forged.write_bytes(orders.direct(leaf, origin=ORIGIN, subject=system(8), num=8))
        refused = run("pulse", "order", str(folder), str(forged))
        assert (refused.status, "order.untrusted" in refused.err) == (1, True)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if target.exists() and json.loads(target.read_bytes())["delta"]:
                break
            time.sleep(0.05)
        assert len(json.loads(target.read_bytes())["delta"]) == 1
        second = run("pulse", "run", str(folder), "--to", "-")
        assert (second.status, "another process" in second.err) == (4, True)
    finally:
        end(process)
