# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app.order_store import FILE, OrderStore
from answerable.cli import recover
from answerable.errors import Unavailable

STATE = {
    "behind": True,
    "epoch": 4,
    "root": "ab",
    "waiting": {"node berlin": "was not heard", "pulse": "speaks of change 6"},
    "heard": [],
    "waived": [],
    "regained": 2,
}


def test_what_a_holder_kept_and_one_message_alone_are_read(tmp_path: Path) -> None:
    OrderStore(tmp_path).add(b'{"order":1}')
    OrderStore(tmp_path).add(b'{"order":2}')
    assert recover.kept(tmp_path / FILE) == [b'{"order":1}', b'{"order":2}']
    one = tmp_path / "one.json"
    one.write_bytes(b'{"order":3}')
    assert recover.kept(one) == [b'{"order":3}']
    with pytest.raises(Unavailable, match=r"admin\.file"):
        recover.kept(tmp_path / "none")


def test_who_is_waited_for_is_named() -> None:
    text = "\n".join(recover.told(STATE))
    assert "nothing is signed" in text
    assert "waits for node berlin: was not heard" in text
    assert "waits for pulse: speaks of change 6" in text
    assert "regained: 2 orders" in text
    assert "Nothing is to be regained" in recover.told({**STATE, "behind": False})[0]
