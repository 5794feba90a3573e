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


def test_what_cannot_be_read_is_said_in_a_sentence_with_a_remedy(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSWERABLE_STORE_PATH", str(folder / "no-store"))
    (folder / "cut.png").write_bytes(picture()[:100])
    assert run("read", str(folder / "none.bin")).out.splitlines()[1:] == [
        "  format.unknown: The file is of no format that can carry a label.",
        "  → Use one of the formats in docs/howto/labels.md; a name does not decide, the content does.",
    ]
    assert "format.malformed: The png file is damaged: " in run("read", str(folder / "cut.png")).out
    monkeypatch.setenv("ANSWERABLE_LANG", "zh")
    assert "  format.malformed: 该 png 文件已损坏：" in run("read", str(folder / "cut.png")).out


def test_of_several_one_that_cannot_be_opened_is_told_and_the_others_are_read(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSWERABLE_STORE_PATH", str(folder / "no-store"))
    missing = str(folder / "missing.png")
    said = run("read", missing, str(folder / "labelled.png"), "--json")
    assert [each.get("verdict", each.get("error", {}).get("code")) for each in said.data] == [
        "label.source", "labelled",
    ]  # fmt: skip
    assert said.status == 3
    assert said.err.startswith(f"{missing}: label.source: ")
    assert run("read", missing).status == 3
