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
    "source.wrong": Entry(
        "{path} at {source} is not what the signed checkpoint says it is.",
        "{source} 的 {path} 与已签名检查点所示不符。",
        "Take another mirror, and tell whoever runs this one.",
        "请改用其他镜像，并告知其运营者。",
        http=502,
    ),
    "source.other": Entry(
        "{source} is of the log {found}; what stands here is of {origin}.",
        "{source} 属于日志 {found}；此处为 {origin}。",
        "Give each log a folder of its own.",
        "请为每个日志使用单独的目录。",
        http=400,
        exit=2,
    ),
    "source.forked": Entry(
        "{origin} signed two histories: its checkpoint over {size} leaves does not continue the one over {earlier}. "
        "Both are kept in {evidence}.",
        "{origin} 签署了两份历史：其 {size} 条叶子的检查点并非 {earlier} 条的延续。两份均保存在 {evidence}。",
        "Keep both, believe neither, and show them to the operator, the witnesses and all who rely on the log.",
        "请保留两份且均不采信，并出示给运营者、见证方与依赖该日志的各方。",
    ),
    "source.written": Entry(
        "{folder} cannot be written: {detail}.",
        "无法写入 {folder}：{detail}。",
        "Check the folder, its space and its permissions; what stands there stays valid.",
        "请检查目录、空间与权限；已有内容仍然有效。",
        http=503,
        exit=4,
    ),
}
