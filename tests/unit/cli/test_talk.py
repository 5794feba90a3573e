# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
import json
import time

import pytest

from answerable.cli.talk import emit, fail, language, pick, say, table, when
from answerable.errors import Refused

PLAIN = argparse.Namespace(json=False)
JSON = argparse.Namespace(json=True)


def test_the_language_is_the_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANSWERABLE_LANG", "zh")
    assert (language(), pick("a", "b")) == ("zh", "b")
    monkeypatch.delenv("ANSWERABLE_LANG")
    assert language() == "en"
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert language() == "zh"


def test_data_is_on_stdout_and_talk_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    say("talk", "说")
    emit(PLAIN, {"a": 1}, ["line"])
    emit(JSON, {"a": "中"}, ["line"])
    said = capsys.readouterr()
    assert said.out == 'line\n{"a": "中"}\n'
    assert said.err in ("talk\n", "说\n")


def test_a_name_cannot_rewrite_the_sentence_that_it_stands_in(capsys: pytest.CaptureFixture[str]) -> None:
    name = "Mallory\x1b[2K\r\x9b1A\u202eB\tC\nD 王芳"
    emit(PLAIN, {}, [name])
    assert capsys.readouterr().out == "Mallory\\u001b[2K\\u000d\\u009b1A\\u202eB\tC\nD 王芳\n"
    emit(JSON, {"name": name}, [])
    shown = capsys.readouterr().out
    assert (json.loads(shown)["name"], "\x9b" in shown, "\u202e" in shown) == (name, False, False)
    fail(PLAIN, Refused("admin.not_found", name="\x1b[2K"))
    assert "\x1b" not in capsys.readouterr().err


def test_talk_and_errors_hold_nothing_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    strange = "\x1b]0;title\x07\x9b2J\u202e"
    say(f"waits for {strange}", "")
    fail(JSON, Refused("party.unknown", party=strange))
    out, err = capsys.readouterr()
    for each in strange:
        if not each.isprintable():
            assert each not in out + err
    assert json.loads(out)["error"]["params"]["party"] == strange


def test_an_error_is_told_twice_with_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert fail(JSON, Refused("admin.nobody")) == 3
    said = capsys.readouterr()
    assert json.loads(said.out)["error"]["code"] == "admin.nobody"
    assert "admin.nobody" in said.err
    assert "→" in said.err


def test_times_are_local_with_their_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert when(1_763_782_764_123) == "2025-11-22 11:39:24+08:00"
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    assert when(0) == "-"


@pytest.mark.parametrize("ms", [2**53 - 1, (2**63 - 1) * 1000])
def test_a_time_that_no_calendar_reaches(ms: int) -> None:
    """A verified receipt may tell one: a witness's clock is its own."""
    assert when(ms) == f"{ms} ms"


def test_wide_characters_count_double() -> None:
    assert table(["名称", "X"], [["a", "1"], ["中文字", "2"]]) == ["名称    X", "a       1", "中文字  2"]
