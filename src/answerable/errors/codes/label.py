# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with label."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "label.malformed": Entry(
        "The AIGC label is not of the form of GB 45438-2025 Appendix E: {detail}.",
        "AIGC 标识不符合 GB 45438-2025 附录 E 的格式：{detail}。",
        "Use the seven members with strings of 0x21-0x7E; see docs/spec/label.md.",
        "请使用规定的七个字段，取值为 0x21-0x7E 范围内的字符串；参见 docs/spec/label.md。",
    ),
    "label.provider_code": Entry(
        "The provider code is not valid: {detail}.",
        "服务提供者编码无效：{detail}。",
        "Use the 27-character code of the operator, made from its unified social credit code.",
        "请使用运营者的 27 位编码，其由统一社会信用代码生成。",
        exit=2,
    ),
    "label.oversized": Entry(
        "The file is larger than {limit} bytes, so it was not read.",
        "文件超过 {limit} 字节，未予读取。",
        "Save the reply alone, without what stands around it.",
        "请仅保存应答本身，去除其他内容。",
        exit=4,
    ),
}
