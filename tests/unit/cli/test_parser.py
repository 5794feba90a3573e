# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.cli.command import tree
from answerable.cli.parser import Parser, children, common, overview
from answerable.cli.verbs import VERBS


@pytest.mark.parametrize("name", sorted(VERBS))
def test_help_leads_with_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        tree((name,)).parse_args([name, "--help"])
    assert done.value.code == 0
    assert capsys.readouterr().out.startswith(("examples:\n  ", "示例:\n  "))


def test_verbs_of_verbs_take_the_common_options() -> None:
    parser = Parser(prog="x")
    new = children(parser)
    new("one", "first")
    new("two", "second")
    assert parser.parse_args(["two", "--json"]).json is True
    assert "one|two" in parser.format_usage()


def test_what_was_not_given_is_not_set() -> None:
    assert vars(common().parse_args([])) == {}
    assert common().parse_args(["--as", "a", "--as", "b"]).who == ["a", "b"]


def test_the_overview_speaks_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_LANG", "zh_CN.UTF-8")
    assert "每个 AI 行为都有人负责" in overview()
