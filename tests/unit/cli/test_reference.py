# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.cli.reference import page
from answerable.cli.verbs import VERBS


def test_every_verb_is_there_and_the_page_is_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_LANG", "zh")
    monkeypatch.setenv("COLUMNS", "40")
    text = page()
    assert all(f"\n## {verb}\n" in text for verb in VERBS)
    assert "\n### log prove\n" in text
    assert "`--reason REASON` (optional): why" in text
    committed = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"
    assert committed.read_text(encoding="utf-8").endswith(text), "run `make reference`"
