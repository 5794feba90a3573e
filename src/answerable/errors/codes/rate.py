# SPDX-License-Identifier: Apache-2.0
"""Rates: how often something may be called."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "rate.exceeded": Entry(
        "More calls than the rate allows: {rate}.",
        "调用次数超过速率上限：{rate}。",
        "Call again in {retry_s} s.",
        "请在 {retry_s} 秒后重试。",
        http=429,
    ),
}
