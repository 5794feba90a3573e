# SPDX-License-Identifier: Apache-2.0
"""The benchmark of formats has a file of each format that carries a label, and its figures are of what it did."""

from __future__ import annotations

import sys

import pytest

from benchmarks import label_formats
from tests.av_bytes import TEXT
from tests.av_files import MADE


def test_each_format_of_sound_and_video_is_there() -> None:
    assert {name.partition("/")[0] for name in MADE} <= label_formats.bare().keys()


def test_figures() -> None:
    data = label_formats.bare()["wav"]
    told = label_formats.measure(data, 0)
    assert told["bytes"] == len(data)
    assert told["more"] == 8 + len(TEXT) % 2
    assert told["files_per_s"] > 0
    assert 0 < told["read_ms"] <= told["slowest_read_ms"]


def test_the_table_has_each_format(monkeypatch: pytest.MonkeyPatch) -> None:
    some = {name: data for name, data in label_formats.bare().items() if name in ("mp4", "png")}
    monkeypatch.setattr(label_formats, "bare", lambda: some)
    rows = label_formats.table(0).splitlines()[-2:]
    assert [row.split(" | ")[0] for row in rows] == ["| mp4", "| png"]
    assert rows[1].split(" | ")[1] == f"{len(some['png']):,}"


def test_what_is_too_slow_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["label_formats", "mp4", "--seconds", "0"])
    assert label_formats.main() == 0
    assert "mp4" in capsys.readouterr().out
    monkeypatch.setattr(label_formats, "READ_MS", 0.0)
    assert label_formats.main() == 1
    assert "slower than 0.0 ms: mp4" in capsys.readouterr().out
