# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        ("receipt.inconsistent", "detail", "prev does not point to a open", "prev 未指向 open 类型的叶子"),
        ("monitor.duplicate", "what", "registry number", "登记编号"),
        (
            "witness.state",
            "detail",
            "it was rolled back: 3 records of a.example were cosigned",
            "已被回退：a.example 的 3 条记录曾获联署",
        ),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
