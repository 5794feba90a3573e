# SPDX-License-Identifier: Apache-2.0
"""What a request asks for that the gateway does not do: `answerable.gateway`, `answerable.pipeline`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "one value": "一个值",
    "tools/list and tools/call": "tools/list 与 tools/call",
    "one that this gate gave": "本网关所给出的",
    "one that this list gave": "该列表所给出的",
    "what RFC 8785 can write": "RFC 8785 能够表示的内容",
    "an object of the id alone": "仅含 id 的对象",
    "a text of at most {} characters": "最多 {0} 个字符的文本",
    # Media
    "no JSON object": "不是 JSON 对象",
    "this gateway labels no media": "本网关不为媒体添加标识",
    "more than {} files in one answer": "一次应答中的文件超过 {0} 个",
    "it is {}, not {}": "它是 {0}，不是 {1}",
    "it is no picture, sound or file that carries a label": "它不是可携带标识的图像、音频或文件",
    "{} bytes": "{0} 字节",
}
