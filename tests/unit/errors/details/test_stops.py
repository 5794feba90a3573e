# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        ("stop.malformed", "detail", "digests that are not 1 to 64 different ones", "摘要不是 1 至 64 个互不相同的值"),
        ("drill.canary", "detail", "a canary with weights, another world", "金丝雀不应有：权重，其他界"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
