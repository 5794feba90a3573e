# SPDX-License-Identifier: Apache-2.0
"""The runner itself: it accepts what is true and names what is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.docs.console import Mismatch, Session, blocks, pattern


def run(tmp_path: Path, page: str) -> None:
    with Session(tmp_path, tmp_path / "home", {"PATH": os.environ["PATH"]}) as session:
        for block in blocks(page):
            session.run(block)


def fenced(body: str, marks: str = "") -> str:
    return f"text\n\n```console{marks}\n{body}\n```\n"


@pytest.mark.parametrize(
    "body",
    [
        "$ echo one",  # no output is shown: none may come
        "$ echo one\ntwo",
        "$ printf 'one\\ntwo\\n'\none",
        "$ printf 'one\\ntwo\\n'\ntwo",
        "$ echo 'took 31 ms'\ntook ... s",
        "$ false",
        "$ no-such-program\n...",
    ],
)
def test_what_is_not_so_is_named(tmp_path: Path, body: str) -> None:
    with pytest.raises(Mismatch, match="line 4"):
        run(tmp_path, fenced(body))


@pytest.mark.parametrize(
    "body",
    [
        "$ true",
        "$ echo one; echo two >&2\none\ntwo",
        "$ echo 'took 31 ms'\ntook ... ms",
        "$ seq 9\n1\n...\n9",
        "$ seq 2\n...\n1\n...\n2\n...",
        "$ echo one \\\n> two\none two",
        "$ cat <<'E'\n> one\n>\n> two\n> E\none\n\ntwo",
        "$ mkdir -p a && cd a && export NAME=x\n$ echo $(basename $PWD) $NAME\na x",
        "$ cat",  # standard input is empty
    ],
)
def test_what_is_so_passes(tmp_path: Path, body: str) -> None:
    run(tmp_path, fenced(body))


def test_a_failure_is_shown_on_purpose_alone(tmp_path: Path) -> None:
    run(tmp_path, fenced("$ echo no; exit 3\nno", " fails"))
    with pytest.raises(Mismatch, match="ended with 0"):
        run(tmp_path, fenced("$ true", " fails"))


def test_the_session_goes_on_from_block_to_block(tmp_path: Path) -> None:
    run(tmp_path, fenced("$ export NAME=x") + fenced("$ echo $NAME\nx"))


def test_a_service_runs_while_the_rest_is_tried_and_gets_ctrl_c(tmp_path: Path) -> None:
    service = "trap 'touch ended; exit 0' INT; echo up; while true; do sleep 0.05; done"
    page = fenced(f'$ bash -c "{service}"\nup', " background") + fenced(
        "$ ls ended 2>/dev/null || echo running\nrunning"
    )
    run(tmp_path, page)
    assert (tmp_path / "ended").exists()


def test_a_service_that_does_not_come_up_is_named(tmp_path: Path) -> None:
    with pytest.raises(Mismatch, match="ended with 1"):
        run(tmp_path, fenced("$ bash -c 'echo broken; exit 1'\nup", " background"))


def test_a_service_that_ends_badly_is_named(tmp_path: Path) -> None:
    service = "trap 'exit 7' INT; echo up; while true; do sleep 0.05; done"
    with pytest.raises(Mismatch, match="ended with 7 after Ctrl-C"):
        run(tmp_path, fenced(f'$ bash -c "{service}"\nup', " background"))


@pytest.mark.parametrize(
    "page", ["```console\nno command\n```\n", "```console\n```\n", "```console skip\n$ true\n```\n"]
)
def test_a_block_that_cannot_be_run_is_no_block(page: str) -> None:
    with pytest.raises(ValueError, match=r"command|mark"):
        blocks(page)


def test_dots_do_not_cross_lines() -> None:
    assert not pattern(("a...c",)).match("a\nc\n")
    assert pattern(("...", "z")).match("z\n")
