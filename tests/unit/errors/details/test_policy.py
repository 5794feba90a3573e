# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        ("policy.folder", "detail", "a.cedar: not UTF-8", "a.cedar：不是 UTF-8"),
        ("policy.folder", "detail", 'entities.json: Group::"x" stands twice', 'entities.json：Group::"x" 重复出现'),
        (
            "policy.action",
            "detail",
            "a tool call has a domain of worlds.toml: not 'x', read",
            "工具调用须有：worlds.toml 中的领域；而此处为 'x'、read",
        ),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
