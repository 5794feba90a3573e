# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        ("request.malformed", "detail", "a form that cannot be passed on", "表单无法转发"),
        ("request.invalid", "expected", "true or false", "true 或 false"),
        ("upstream.broken", "what", "two choices with one index", "两个 choice 的 index 相同"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
