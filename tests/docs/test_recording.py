# SPDX-License-Identifier: Apache-2.0
"""The recordings of the READMEs: their commands still exist, and the pictures hold nothing that runs or is fetched."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tools import recording
from tools.recording import COLUMNS, PICTURES, SCENES, Scene, drawn, problems, wrapped


def test_the_committed_pictures_show_commands_that_exist() -> None:
    assert not problems(), "run `python -m tools.recording`"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("answerable whoo reply.json", "does not know: whoo reply.json"),
        ("cat x | answerable stop base --no-such-option", "does not know: stop base --no-such-option"),
        ("answerable ls systems --all", "does not show"),
    ],
)
def test_a_command_that_is_gone_or_not_shown_is_named(
    command: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recording, "SCENES", (Scene(command),))
    assert recording.main(["--check"]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "inside", ["<script>1</script>", '<image href="x"/>', '<g onload="x"/>', "<style>@import 'x'</style>"]
)
def test_a_picture_that_runs_or_fetches_is_named(inside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PICTURES:
        text = (recording.FOLDER / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("</svg>", inside + "</svg>"), encoding="utf-8")
    monkeypatch.setattr(recording, "FOLDER", tmp_path)
    assert [line for line in problems() if "would run or fetch" in line]


def test_the_same_rows_give_the_same_picture_and_it_is_well_formed() -> None:
    rows = [[f"<{number}> & more"] for number in range(len(SCENES))]
    assert drawn(rows) == drawn(rows)
    assert "&lt;0&gt; &amp; more" in drawn(rows)
    ElementTree.fromstring(drawn(rows))


def test_rows_are_as_wide_as_the_terminal() -> None:
    assert wrapped(["a" * (COLUMNS + 1), ""]) == ["a" * COLUMNS, "a", ""]
    assert wrapped(["中" * COLUMNS]) == ["中" * (COLUMNS // 2)] * 2
