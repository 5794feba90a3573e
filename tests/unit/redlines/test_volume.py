# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.redlines.volume import Volume

ANY: Any = None


def test_the_budget_is_of_one_action() -> None:
    detector = Volume(10)
    watch = detector.watch(ANY)
    assert watch.see("12345") is None
    assert watch.see("67890") is None
    finding = watch.see("1")
    assert finding is not None
    assert (finding.code, finding.level, finding.params) == ("redline.volume", "yellow", {"limit": 10})
    assert detector.watch(ANY).see("1234567890") is None


def test_a_budget_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError):
        Volume(0)
