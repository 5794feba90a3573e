# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from tests.tiled import Grown, entries, files
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_publish_then_mirror_the_publication(house: House, run: Run, tmp_path: Path) -> None:
    house.act("Published.")
    head = run("log", "checkpoint").out
    public, copy = tmp_path / "public", tmp_path / "copy"
    said = run("log", "publish", str(public), "--json")
    assert said.status == 0
    assert said.data["size"] >= int(head.split("\n")[1])
    assert said.data["folder"] == str(public)
    assert run("log", "mirror", str(public), str(copy)).status == 0
    assert files(copy) == files(public)
    assert "leaves of demo.invalid, 0 of them new" in run("log", "mirror", str(public), str(copy)).out


def test_a_mirror_needs_a_trust_file_that_names_the_log(house: House, run: Run, tmp_path: Path) -> None:
    Grown(entries(10)).write(tmp_path / "log")
    said = run("log", "mirror", str(tmp_path / "log"), str(tmp_path / "copy"))
    assert said.status == 1
    assert "log.untrusted" in said.err
    assert not (tmp_path / "copy").exists()
    missing = run("log", "mirror", str(tmp_path / "log"), str(tmp_path / "copy"), "--trust", str(tmp_path / "none"))
    assert missing.status == 4


def test_two_histories_end_it_with_a_no(run: Run, tmp_path: Path) -> None:
    from answerable.log.trust import format

    honest, other = Grown(entries(10)), Grown(entries(20, what="lie"))
    honest.write(tmp_path / "one")
    other.write(tmp_path / "two")
    trust = tmp_path / "trust.txt"
    trust.write_bytes(format(honest.trust))
    copy = str(tmp_path / "copy")
    assert run("log", "mirror", str(tmp_path / "one"), copy, "--trust", str(trust)).status == 0
    said = run("log", "mirror", str(tmp_path / "two"), copy, "--trust", str(trust))
    assert said.status == 1
    assert "source.forked" in said.err
    assert "evidence" in said.err


def test_no_source(run: Run, house: House, tmp_path: Path) -> None:
    assert run("log", "mirror", "ftp://x", str(tmp_path)).status == 2
    assert run("log", "mirror", str(tmp_path / "gone"), str(tmp_path / "copy")).status == 4


def test_a_pruned_publication_is_marked(house: House, run: Run, tmp_path: Path) -> None:
    run("log", "checkpoint")
    assert run("log", "publish", str(tmp_path / "part"), "--minimum-index", "5").status == 0
    assert files(tmp_path / "part")["pruned"] == b"5\n"
