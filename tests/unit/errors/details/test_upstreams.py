# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        ("upstream.broken", "what", "no list of its tools (-32603)", "未返回工具列表（-32603）"),
        ("upstream.not_started", "detail", "no answer within 60 s", "60 秒内没有应答"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
