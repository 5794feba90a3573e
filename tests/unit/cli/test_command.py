# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.cli import main as command
from answerable.cli.command import tree, verb_of
from answerable.cli.verbs import VERBS
from answerable.errors import Refused, Unavailable
from tests.unit.cli.conftest import Run


def test_help_names_every_verb_and_leads_with_examples(run: Run) -> None:
    said = run("--help")
    assert said.status == 0
    assert said.out.index("examples:") < said.out.index("demo  ")
    assert all(f"\n  {verb} " in said.out for verb in VERBS)


def test_nothing_asked_is_a_matter_of_usage(run: Run) -> None:
    assert run().status == 2
    near = run("whoo")
    assert near.status == 2
    assert "who" in near.err


def test_version_and_verb_help(run: Run) -> None:
    assert run("--version").out.strip() == "0.1.0"
    said = run("stop", "--help")
    assert said.status == 0
    assert said.out.index("examples:") < said.out.index("usage:")
    assert run("stop", "--no-such-flag").status == 2
    assert run("log").status == 2


def test_the_verb_is_found_among_options() -> None:
    assert verb_of(["--store", "ls", "who", "x"]) == "who"
    assert verb_of(["--json", "ps"]) == "ps"
    assert verb_of(["--help", "ps"]) is None
    assert verb_of(["ps", "--help"]) == "ps"
    assert verb_of([]) is None


def test_only_the_verb_that_was_called_is_loaded() -> None:
    import subprocess
    import sys

    probe = (
        "import sys, answerable.cli; answerable.cli.main(['verify', '-h']); "
        "print([m for m in sys.modules if m.startswith(('starlette', 'answerable.app', 'answerable.cli.stop'))])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("policy.refused", rule="R", why="w"), 1),
        (Refused("admin.request", detail="x"), 2),
        (Refused("admin.nobody"), 3),
        (Unavailable("admin.unreachable", socket="s"), 4),
        (Refused("log.conflict"), 5),
        (RuntimeError("defect"), 4),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_status(
    error: BaseException, status: int, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    def fails(args: object) -> int:
        raise error

    monkeypatch.setattr("answerable.cli.policy.ls", fails)
    said = run("policy", "ls", "--json")
    assert said.status == status
    if status not in (130,):
        assert said.data["error"]["code"] in said.err
    assert "Traceback" not in said.err


def test_a_reader_that_goes_away_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess
    import sys

    done = subprocess.run(
        f"{sys.executable} -m answerable.cli policy ls | head -n 1",
        shell=True,
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert b"Traceback" not in done.stderr


def test_options_stand_before_and_after_the_verb() -> None:
    args = tree(("ls",)).parse_args(["--json", "ls", "parties", "--store", "x"])
    assert (args.json, args.store, args.kind) == (True, "x", "parties")


def test_a_parser_is_made_for_the_verb_that_was_called_alone_and_its_usage_names_all() -> None:
    parser = tree(("ls",))
    (choice,) = (each for each in parser._actions if each.dest == "verb")
    assert list(choice.choices or ()) == ["ls"]
    assert "{" + ",".join(VERBS) + "}" in parser.format_usage()


def test_main_takes_the_arguments_it_is_given() -> None:
    assert command(["--version"]) == 0
