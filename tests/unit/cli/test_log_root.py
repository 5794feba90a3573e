# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from answerable.log import receipt
from answerable.log.trust import format, parse
from answerable.verify.receipt import verify
from tests.tiled import Grown, entries
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_a_receipt_is_joined_into_the_root(house: House, run: Run, tmp_path: Path) -> None:
    record = house.act("Joined.")
    reply = tmp_path / "reply.tlog"
    assert run("who", record, "--receipt", str(reply)).status == 0
    shard, root = str(tmp_path / "shard"), str(tmp_path / "root")
    assert run("log", "publish", shard).status == 0
    words = ("log", "root", "--store", root, "--shard", shard, "--trust", str(house.store / "trust.txt"), "--once")
    assert run(*words).status != 0  # it is not made by accident
    made = run(*words, "--origin", "root.invalid", "--json")
    assert made.status == 0
    assert made.data["origin"] == "demo.invalid"
    public = str(tmp_path / "public")
    assert run("log", "publish", public, "--store", root).status == 0
    trust = tmp_path / "both.txt"
    logs = [parse((Path(at) / "trust.txt").read_bytes()) for at in (root, house.store)]
    trust.write_bytes(format(type(logs[0])((*logs[0].logs, *logs[1].logs))))
    out = tmp_path / "joined.tlog"
    said = run(
        "log", "join", str(reply), "--shard", shard, "--root", public, "--trust", str(trust), "-o", str(out), "--json"
    )
    assert said.status == 0
    assert (said.data["root"], said.data["index"]) == ("root.invalid", 1)
    assert receipt.parse(out.read_bytes()).root is not None
    assert verify(out.read_bytes(), parse(trust.read_bytes())).record == record


def test_a_shard_that_is_not_believed(run: Run, tmp_path: Path) -> None:
    log = Grown(entries(3))
    log.write(tmp_path / "log")
    trust = tmp_path / "trust.txt"
    trust.write_bytes(format(Grown(origin="other.invalid").trust))
    said = run(
        "log", "root", "--store", str(tmp_path / "root"), "--origin", "root.invalid", "--shard", str(tmp_path / "log"),
        "--trust", str(trust), "--once",
    )  # fmt: skip
    assert said.status == 1
    assert "log.untrusted" in said.err


def test_what_cannot_be_joined(run: Run, tmp_path: Path) -> None:
    said = run("log", "join", str(tmp_path / "none"), "--shard", "x", "--root", "y", "--trust", "z")
    assert said.status == 4
