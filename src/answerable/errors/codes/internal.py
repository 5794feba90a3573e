# SPDX-License-Identifier: Apache-2.0
"""Defects and failures of our own, which refuse the action that met them."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "internal.error": Entry(
        "Something failed inside the gateway while this action was on its way, so it was refused.",
        "网关内部在处理此行为时出错，因此予以拒绝。",
        "Look up incident {incident} in the server's log and report it.",
        "请在服务器日志中查找事件 {incident} 并上报。",
        http=500,
        exit=4,
    ),
}
