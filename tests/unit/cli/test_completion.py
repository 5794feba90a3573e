# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
import subprocess

import pytest

from answerable.cli.completion import SHELLS, script, words
from answerable.cli.verbs import VERBS
from tests.unit.cli.conftest import Run


def test_every_verb_and_its_verbs_are_known() -> None:
    known = words()
    assert set(VERBS) <= set(known[""])
    assert {"checkpoint", "prove", "tail", "trust"} <= set(known["log"])
    assert "--reason" in known["stop"]
    assert "--life" in known["handles issue"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_printed_and_parses(shell: str, run: Run) -> None:
    said = run("completion", shell)
    assert said.status == 0
    assert "reauthorise" in said.out
    assert run("completion", shell, "--json").data["shell"] == shell
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=said.out.encode(), timeout=20, check=True)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["sto"], ["stop"]),
        (["log", "ch"], ["checkpoint"]),
        (["stop", "x", "--rea"], ["--reason"]),
        (["completion", "b"], ["bash"]),
    ],
)
def test_bash_completes(line: list[str], expected: list[str]) -> None:
    quoted = " ".join(["answerable", *line])
    probe = (
        script("bash", words())
        + f"\nCOMP_WORDS=({quoted}); COMP_CWORD={len(line)}; _answerable; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", probe], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.split() == expected


def test_an_unknown_shell_is_a_matter_of_usage(run: Run) -> None:
    assert run("completion", "tcsh").status == 2
