# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.model.budgets import NOTHING, Amount, Budget, Reserved, Standing
from answerable.model.tools import MeterKind


def test_a_row_is_read_as_it_was_written_and_strictly() -> None:
    row = Reserved(
        rid="r", system="s", copy="c", party="p", at=5,
        amounts=(Amount(kind=MeterKind.MONEY, amount=7, currency="EUR"),), tool="bank/pay",
    )  # fmt: skip
    data = msgspec.json.encode(row)
    assert msgspec.json.decode(data, type=Reserved) == row
    for broken in (b'{"rid":"r"}', data.replace(b'"at":5', b'"at":5,"more":1'), data.replace(b":7", b":-7")):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(broken, type=Reserved)


def test_what_is_left_is_never_below_nothing() -> None:
    budget = Budget(kind=MeterKind.TOKENS, most=10)
    assert Standing(budget, "", used=3, reserved=2, frees=0).left == 5
    assert Standing(budget, "", used=30, reserved=2, frees=0).left == 0


def test_nothing_is_nothing() -> None:
    assert not NOTHING.rider.effects
    assert not NOTHING.told
