# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        (
            "tool.class",
            "detail",
            "too critical for energy: nobody may call it",
            "关键等级对 energy 领域过高：任何人都不得调用",
        ),
        ("hold.malformed", "detail", "nothing was changed", "没有任何改动"),
        ("rate.exceeded", "rate", "3 in 60 s (all)", "60 秒内 3 次（全部）"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
