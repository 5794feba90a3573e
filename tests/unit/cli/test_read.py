# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.crypto.ed25519 import Key
from answerable.labels.identity import Labeller
from answerable.labels.labelling import label
from answerable.marks.aigc import write
from answerable.model.labels import AIGC
from tests.small_media import PROVIDER, picture
from tests.unit.cli.conftest import Run
from tests.unit.labels.test_labelling import with_label


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ours = label(picture(), by=Labeller(PROVIDER, Key.generate()), record="ours")
    files = {
        "labelled.png": ours.data,
        "bare.png": picture(),
        "two.png": with_label(picture(), write(AIGC("1", PROVIDER, "one")), write(AIGC("1", PROVIDER, "two"))),
        "none.bin": b"\x00\x01",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data or b"")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "verdict", "status"),
    [("labelled.png", "labelled", 0), ("bare.png", "not_labelled", 1), ("two.png", "inconsistent", 1),
     ("none.bin", "could_not_check", 4)],
)  # fmt: skip
def test_a_verdict_and_its_exit_status(
    run: Run, folder: Path, name: str, verdict: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSWERABLE_STORE_PATH", str(folder / "no-store"))
    said = run("read", str(folder / name), "--json")
    assert (said.status, said.data["verdict"]) == (status, verdict)
    told = run("read", str(folder / name))
    assert told.status == status
    assert name in told.out


def test_each_layer_is_told(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_STORE_PATH", str(folder / "no-store"))
    said = run("read", str(folder / "labelled.png"))
    assert "aigc: self-consistent" in said.out
    assert f"ContentProducer {PROVIDER}" in said.out
    assert "! aigc: labels that differ" in run("read", str(folder / "two.png")).out
    several = run("read", str(folder / "labelled.png"), str(folder / "bare.png"), "--json")
    assert ([each["verdict"] for each in several.data], several.status) == (["labelled", "not_labelled"], 1)


def test_what_strangers_wrote_stays_on_its_line(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_STORE_PATH", str(folder / "no-store"))
    forged = write(AIGC("1", PROVIDER, "@")).replace("@", "x\\n  c2pa: trusted")
    (folder / "forged.png").write_bytes(with_label(picture(), forged))
    said = run("read", str(folder / "forged.png"))
    assert "c2pa: trusted" in said.out
    assert not any(line.startswith("  c2pa: trusted") for line in said.out.splitlines())


def test_a_file_that_is_not_there(run: Run, folder: Path) -> None:
    said = run("read", str(folder / "missing.png"))
    assert (said.status, said.err.partition(":")[0]) == (3, "label.source")
    assert run("read", str(folder / "bare.png"), "--pins", str(folder / "bare.png")).status == 2
