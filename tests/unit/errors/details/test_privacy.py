# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        ("privacy.malformed", "detail", "an end that is not within 90 days", "期限不在 90 天以内"),
        ("privacy.feed", "detail", "an entry out of place", "有条目位置有误"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
