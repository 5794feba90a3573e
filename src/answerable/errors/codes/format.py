# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with format."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "format.unknown": Entry(
        "The file is of no format that can carry a label.",
        "该文件不属于任何可承载标识的格式。",
        "Use one of the formats in docs/howto/labels.md; a name does not decide, the content does.",
        "请使用 docs/howto/labels.md 所列格式；格式由内容而非文件名决定。",
        http=415,
        exit=4,
    ),
    "format.malformed": Entry(
        "The {format} file is damaged: {detail}.",
        "该 {format} 文件已损坏：{detail}。",
        "Get the file again from where it came, or save it anew in a program that opens it.",
        "请重新获取该文件，或用能打开它的程序重新保存。",
        http=422,
        exit=4,
    ),
    "format.unsupported": Entry(
        "This kind of {format} file is not handled: {detail}.",
        "不支持此类 {format} 文件：{detail}。",
        "Save the file in another variant or format, then label it again.",
        "请以其他变体或格式保存该文件后重新添加标识。",
        http=415,
        exit=4,
    ),
    "format.oversized": Entry(
        "The {format} file passes a bound: {detail}.",
        "该 {format} 文件超出限制：{detail}。",
        "Split or shrink the file; the bounds stand in docs/howto/labels.md.",
        "请拆分或缩小该文件；限制见 docs/howto/labels.md。",
        http=422,
        exit=4,
    ),
}
