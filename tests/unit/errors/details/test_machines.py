# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        ("device.malformed", "detail", "line 4 does not follow the one before", "第 4 行与前一行不衔接"),
        (
            "config.value",
            "detail",
            "a key that is not base64url: not canonical base64url",
            "密钥不是 base64url：不是规范的 base64url",
        ),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
