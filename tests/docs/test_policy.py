# SPDX-License-Identifier: Apache-2.0
"""docs/reference/policy.md: its commands run, its example is a folder that loads and whose cases hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from answerable.cedar.schema import text
from answerable.cli import main
from tests.house.tree import ROOT

PAGE = (ROOT / "docs" / "reference" / "policy.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples" / "policy"


def commands() -> list[list[str]]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    lines = [line.partition("#")[0].split() for block in blocks for line in block.splitlines() if line.strip()]
    return [line[1:] for line in lines if line and line[0] == "answerable"]


@pytest.mark.parametrize("words", [each for each in commands() if "--running" not in each], ids=" ".join)
def test_its_commands_run(
    words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    store = ["--store", str(tmp_path / "nowhere")]
    words = [word.replace("/etc/answerable/policy", "-") for word in words]
    status = main([*store, *words])
    said = capsys.readouterr()
    if "RECORD_ID" in words:
        return
    assert status == (1 if "diff" in words else 0), said.err
    assert said.out


def test_every_case_of_the_example_holds_and_every_rule_has_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSWERABLE_LANG", "en")
    assert main(["policy", "test", str(EXAMPLE)]) == 0
    said = capsys.readouterr()
    assert "5 of 5" in said.out
    assert "no case for" not in said.err


def test_it_has_the_schema_and_the_example_as_they_are() -> None:
    assert text().rstrip("\n") in PAGE
    for file in EXAMPLE.glob("*.cedar"):
        assert file.read_text(encoding="utf-8").rstrip("\n") in PAGE
