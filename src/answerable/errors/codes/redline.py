# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with redline."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "redline.no_detector": Entry(
        "No detector watches what the model says, so nothing is let out.",
        "未启用任何检测器，因此不予放行。",
        "Name at least one detector in the configuration.",
        "请在配置中至少启用一个检测器。",
    ),
    "redline.credential": Entry(
        "The answer was held back: it would give away a credential ({kind}).",
        "应答中含有凭证（{kind}），已予拦截。",
        "Revoke that credential if it is live, and find out how the model came to know it.",
        "若该凭证仍有效，请立即吊销，并查明模型如何获知。",
    ),
    "redline.volume": Entry(
        "The answer is longer than the {limit} characters that one action may say.",
        "应答长度超过单次行为允许的 {limit} 个字符。",
        "Ask for a shorter answer, or raise the limit in the configuration.",
        "请缩短所要求的应答长度，或在配置中调高上限。",
    ),
}
