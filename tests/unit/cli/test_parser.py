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


@pytest.mark.parametrize(
    "words",
    [
        ["label", "check", "--rules", "cn", "a.png", "b.png"],
        ["label", "--rules", "cn", "check", "a.png", "b.png"],
        ["label", "check", "a.png", "--rules", "cn", "b.png", "--json"],
        ["--json", "label", "check", "a.png", "b.png", "--rules", "cn"],
    ],
)
def test_files_stand_before_options_behind_them_and_between_them(words: list[str]) -> None:
    args = tree(("label",)).parse_args(words)
    assert (args.files, args.rules) == (["check", "a.png", "b.png"], "cn")


@pytest.mark.parametrize("words", [["read"], ["read", "a", "--unheard"], ["label", "a", "--rules"]])
def test_what_is_no_option_or_lacks_a_file_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        tree(("read", "label")).parse_args(words)
    assert done.value.code == 2
    assert capsys.readouterr().err
