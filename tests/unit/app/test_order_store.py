# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import stat
from pathlib import Path

import pytest

from answerable.app.order_store import FILE, OrderStore
from answerable.errors import Unavailable


def test_messages_come_back_in_order_over_a_restart(tmp_path: Path) -> None:
    store = OrderStore(tmp_path)
    assert store.read() == []
    store.add(b'{"a":1}')
    store.add(b"\x00\n\xff")
    assert OrderStore(tmp_path).read() == [b'{"a":1}', b"\x00\n\xff"]
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_line_that_a_power_cut_left_half_spoils_no_other(tmp_path: Path) -> None:
    store = OrderStore(tmp_path)
    store.add(b"first order")
    with (tmp_path / FILE).open("ab") as file:
        file.write(b"\nbm90IGFsb")  # cut short
    store.add(b"second order")
    assert store.read() == [b"first order", b"second order"]


def test_a_disk_that_takes_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"store\.failed"):
        OrderStore(tmp_path / "missing").add(b"x")
    (tmp_path / FILE).mkdir()
    with pytest.raises(Unavailable, match=r"store\.failed"):
        OrderStore(tmp_path).read()
