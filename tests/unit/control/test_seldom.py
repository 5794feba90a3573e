# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.control import seldom
from answerable.control.seldom import MINUTE_MS, Seldom


def test_so_many_a_minute_for_each_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seldom, "A_MINUTE", 2)
    found = Seldom()
    assert [found.allows("a", t) for t in (0, 1, 2, MINUTE_MS, MINUTE_MS + 1)] == [True, True, False, True, True]


def test_many_keys_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seldom, "MAX_KEYS", 3)
    found = Seldom()
    assert [found.allows(key, 0) for key in "abcd"] == [True, True, True, False]
    assert found.allows("d", MINUTE_MS + 1)
