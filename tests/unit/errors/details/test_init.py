# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused, VerificationError
from answerable.errors.details import MAX_DETAIL, chinese


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("no sound", "没有声音"),
        ("more than 5 chunks", "数据块超过 5 个"),
        ("words in a script would break it", "在脚本中加入文字会使其损坏"),
        ("34 by 20 pixels are too few for its words; 71 by 71 would do", "34×20 像素容不下文字；71×71 即可"),
        ("iTXt XMP TC260:AIGC: not JSON", "iTXt XMP TC260:AIGC：不是 JSON"),
        ("aigc: labels that differ", "aigc：有互不相同的标识"),
        ("somebody's own words", "somebody's own words"),
        ("a: b", "a: b"),
        ("", ""),
        ("more than {} chunks", "数据块超过 {} 个"),
        ("more than {0.__class__} chunks", "数据块超过 {0.__class__} 个"),
    ],
)
def test_what_stands_in_a_table_is_said_in_chinese(english: str, said: str) -> None:
    assert chinese(english) == said


def test_what_is_long_is_left_as_it_is() -> None:
    long = "more than " + "9" * MAX_DETAIL + " chunks"
    assert chinese(long) == long


def test_an_error_says_its_detail_in_the_language_of_its_sentence() -> None:
    error = VerificationError("format.oversized", format="png", detail="more than 7 chunks")
    assert "more than 7 chunks" in error.reason()
    assert ("数据块超过 7 个" in error.reason("zh"), "more than" in error.reason("zh")) == (True, False)
    told = error.as_dict()
    assert "数据块超过 7 个" in told["zh"]["reason"]
    assert told["params"]["detail"] == "more than 7 chunks"  # a term for programs
    unread = Refused("label.source", path="a.png", detail="Permission denied")
    assert "权限不足" in unread.reason("zh")
    assert Refused("label.several", count=2).reason("zh")
