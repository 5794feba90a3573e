# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        (
            "store.unsafe",
            "detail",
            "fsync is off, it is a standby, version 9 is older than 14",
            "fsync 已关闭，它是备用服务器，版本 9 低于 14",
        ),
        ("store.damaged", "detail", "payload 3 of abc", "abc 的内容 3"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
