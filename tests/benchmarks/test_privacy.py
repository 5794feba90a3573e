# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import sys

import pytest

from benchmarks import privacy


def test_it_tells_what_erasing_and_retention_cost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["privacy", "--quick", "--json", "--batch", "100"])
    privacy.main()
    said = json.loads(capsys.readouterr().out)
    batches = said["batch of 100 actions, ms"]
    assert set(batches) == {"1 lengths", "3 lengths", "8 lengths"}
    assert all(value > 0 for value in batches.values())
    rows = said["erasing, 5000 actions"]
    assert rows["payloads"] == 10_000
    assert 0 < rows["erase p50 ms"] <= rows["erase max ms"]
