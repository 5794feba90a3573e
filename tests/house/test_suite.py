# SPDX-License-Identifier: Apache-2.0
"""The command that runs the suite: both parts run, one test each once, and no failure is lost between them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests import suite

SIDE = "def test_one(): pass\n\ndef test_two(): pass\n"
ALONE = "import pytest\n\n@pytest.mark.alone\ndef test_three(): assert {}\n\ndef test_four(): pass\n"
SETTINGS = "[pytest]\ntestpaths = tests\naddopts = -q -ra -p xdist --import-mode=importlib\nmarkers =\n  alone: x\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "suite.py").write_bytes(Path(suite.__file__).read_bytes())
    (folder / "test_side.py").write_text(SIDE)
    (folder / "test_alone.py").write_text(ALONE.format(True))
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    monkeypatch.setattr(suite, "ROOT", tmp_path)
    monkeypatch.setattr(suite, "MOST", 1)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return folder


def last(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """The closing lines, without their times."""
    return [line.rpartition(" in ")[0] for line in capfd.readouterr().out.splitlines()[-3:]]


def test_each_test_runs_once_in_its_part(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert suite.main([]) == 0
    assert last(capfd) == ["side by side: 3 passed", "alone: 1 passed", "4 passed"]


@pytest.mark.parametrize(
    "marks",
    [
        '[pytest.mark.parametrize("x", [1]), pytest.mark.alone]',
        "[\n    pytest.mark.filterwarnings('error'), pytest.mark.alone\n]",
    ],
)
def test_what_stands_before_the_mark_lets_no_test_fall_between_the_parts(
    project: Path, capfd: pytest.CaptureFixture[str], marks: str
) -> None:
    (project / "test_other.py").write_text(ALONE.format(True))
    taken = "x" if "parametrize" in marks else ""
    (project / "test_alone.py").write_text(f"import pytest\n\npytestmark = {marks}\n\ndef test_three({taken}): pass\n")
    assert suite.main([]) == 0
    assert last(capfd) == ["side by side: 3 passed", "alone: 2 passed", "5 passed"]


@pytest.mark.parametrize("bad", ["test_side.py", "test_alone.py"])
def test_a_failure_in_either_part_is_one_of_the_whole(
    project: Path, capfd: pytest.CaptureFixture[str], bad: str
) -> None:
    (project / bad).write_text(SIDE.replace("pass", "assert False", 1) if "side" in bad else ALONE.format(False))
    assert suite.main([]) == 1
    said = capfd.readouterr().out
    assert "\n1 failed, 3 passed in " in said
    assert f"\nFAILED tests/{bad}::test_" in said.partition("side by side: ")[0][-80:]


def test_a_part_that_could_not_be_read_fails_the_whole(project: Path) -> None:
    (project / "test_alone.py").write_text("pytest.mark.alone = syntax error")
    assert suite.main([]) not in (0, 5)


def test_a_part_without_a_test_is_no_pass(project: Path) -> None:
    (project / "test_alone.py").write_text("x = 1  # pytest.mark.alone\n")
    assert suite.main([]) == 5


def test_after_ctrl_c_nothing_more_is_begun(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    ran = []

    def part(words: list[str]) -> tuple[int, Counter[str], list[str]]:
        ran.append(words)
        return suite.INTERRUPTED, Counter(passed=7), []

    monkeypatch.setattr(suite, "part", part)
    assert suite.main(["-x"]) == suite.INTERRUPTED
    assert [words[-1] for words in ran] == ["-x"]
    assert "\n7 passed in " in capfd.readouterr().out


def test_the_line_says_what_ran() -> None:
    assert suite.line(Counter(passed=3, skipped=1, failed=2), 4.4) == "2 failed, 3 passed, 1 skipped in 4 s"
    assert suite.line(Counter(), 0.1) == "no tests ran in 0 s"


def test_who_needs_the_machine_to_itself_is_found() -> None:
    found = suite.alone()
    assert "tests/partition/test_partition.py" in found
    assert "tests/house/test_suite.py" not in found
