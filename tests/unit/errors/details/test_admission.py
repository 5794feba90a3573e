# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        ("warrant.malformed", "detail", "anc that is not 1 to 8 rising numbers", "anc 不是 1 至 8 个递增的数字"),
        ("order.malformed", "detail", "a release of another order", "解除令针对另一份终止令"),
        ("clock.unsynchronised", "detail", "it may be off by 900 ms", "误差可能达 900 毫秒"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
