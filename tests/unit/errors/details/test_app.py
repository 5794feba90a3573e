# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused


@pytest.mark.parametrize(
    ("code", "name", "english", "chinese"),
    [
        (
            "config.value",
            "detail",
            "upstreams.a.kind: 'x' is not local or openai",
            "upstreams.a.kind：'x' 不是 local 或 openai",
        ),
        (
            "config.value",
            "detail",
            "servers.shell: command: 'x' is not a program here",
            "servers.shell：command：'x' 不是此处的程序",
        ),
        (
            "recover.behind",
            "waiting",
            "node berlin: was not heard; pulse: speaks of change 6",
            "节点 berlin：尚未收到消息；脉冲：提到变更 6",
        ),
        ("store.failed", "detail", "/var/lib/answerable: Permission denied", "/var/lib/answerable：权限不足"),
    ],
)
def test_what_is_filled_in_is_said_in_chinese(code: str, name: str, english: str, chinese: str) -> None:
    error = Refused(code, **{name: english})
    assert english in error.reason()
    assert chinese in error.reason("zh")
    assert english not in error.reason("zh")
