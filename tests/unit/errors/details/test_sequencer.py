# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        ("store.damaged", "detail", "its tile 3/4 is not that of the tile above", "其分片 3/4 与上一层分片不符"),
        ("log.unwitnessed", "detail", "2 of 9 records are cosigned after 5 s", "5 秒后，9 条记录中只有 2 条获得联署"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
