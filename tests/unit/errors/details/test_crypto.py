# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        (
            "log.encoding",
            "detail",
            "not CBOR that is read here: a string that is cut",
            "不是此处可读的 CBOR：字符串不完整",
        ),
        ("config.value", "detail", "the chain ends at no trusted root", "证书链未到达受信任的根"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
