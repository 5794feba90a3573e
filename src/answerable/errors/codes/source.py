# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with source: reading a log from a folder or an address."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "source.malformed": Entry(
        "{source} is neither a folder nor an http or https address: {detail}.",
        "{source} 既不是目录，也不是 http 或 https 地址：{detail}。",
        "Give the folder, or the address below which the log's `checkpoint` stands, without user, query or fragment.",
        "请给出目录，或日志 `checkpoint` 所在的上级地址，不带用户名、查询或片段。",
        http=400,
        exit=2,
    ),
    "source.unreachable": Entry(
        "{source} cannot be read: {detail}.",
        "无法读取 {source}：{detail}。",
        "Check the address and the network, and try again.",
        "请检查地址与网络后重试。",
        http=503,
        exit=4,
    ),
    "source.oversized": Entry(
        "{path} at {source} is longer than {limit} bytes, more than such a resource can have.",
        "{source} 的 {path} 超过 {limit} 字节，超出该类资源的上限。",
        "Report it to whoever runs this source.",
        "请向该来源的运营者报告。",
        http=502,
        exit=4,
    ),
    "source.missing": Entry(
        "{source} does not have {path}, which its checkpoint says must be there.",
        "{source} 没有 {path}，而其检查点表明该资源必须存在。",
        "Try again in a moment; if it stays so, take another mirror and tell whoever runs this one.",
        "请稍后重试；若仍如此，请改用其他镜像并告知其运营者。",
        http=503,
        exit=4,
    ),
}
