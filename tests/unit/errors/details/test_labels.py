# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("no watermark in GIF", "GIF 中没有水印"),
        ("2 labels instead of one", "有 2 个标识，而应只有一个"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(english: str, chinese: str) -> None:
    error = Refused("label.media", detail=english)
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
