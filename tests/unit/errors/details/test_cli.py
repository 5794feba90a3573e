# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        (
            "admin.request",
            "detail",
            "'x' is not of the form --party PARTY:ROLE",
            "'x' 不是 --party 责任主体:角色 的形式",
        ),
        ("admin.request", "detail", "--tool none stands alone", "--tool none 须单独使用"),
        ("admin.no_key", "detail", "several could sign: ada, bea", "有多人可签名：ada, bea"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
