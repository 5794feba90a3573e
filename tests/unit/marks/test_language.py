# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.marks.language import choose, decisive, of_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello there", "en"),
        ("", "en"),
        ("你好", "zh"),
        ("请用 Python 写一个快速排序", "zh"),
        ("What does 你好 mean in English, please?", "en"),
        ("これは日本語の文章です", "en"),
        ("Größe und Maß", "en"),
        ("x" * 5000 + "\n请总结以上内容" * 300, "zh"),
    ],
)
def test_of_text(text: str, expected: str) -> None:
    assert of_text(text) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB, en; q=0.5", "en"),
        ("en,zh", ""),
        ("fr,en;q=0.8", ""),
        ("*", ""),
        ("zh;q=0", ""),
        ("", ""),
        ("not a header;;", ""),
        ("en," * 200, ""),
    ],
)
def test_decisive(header: str, expected: str) -> None:
    assert decisive(header) == expected


def test_a_decisive_header_comes_before_the_text() -> None:
    assert choose("你好", "en") == "en"
    assert choose("你好", "fr") == "zh"
    assert choose("hello") == "en"
