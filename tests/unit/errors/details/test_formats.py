# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import VerificationError


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("its VP8X chunk is too short", "其 VP8X 块过短"),
        ("the page at 7 is longer than the file", "位于 7 的页超出文件长度"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(english: str, chinese: str) -> None:
    error = VerificationError("format.malformed", format="webp", detail=english)
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
