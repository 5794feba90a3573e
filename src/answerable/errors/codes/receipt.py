# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with receipt."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "receipt.malformed": Entry(
        "This is not a well-formed receipt: {detail}.",
        "这不是格式正确的回执：{detail}。",
        "Fetch the receipt again; a receipt is kept byte for byte.",
        "请重新获取回执；回执须逐字节保存。",
        http=400,
    ),
    "receipt.trust": Entry(
        "Whose logs are believed was not said, and {store} is no store of answerable that has a trust file.",
        "未指明信任哪些日志，且 {store} 不是含有信任文件的 answerable 存储。",
        "Name a trust file with --trust; its operator gives it to you by a way that you trust.",
        "请用 --trust 指定信任文件；该文件由日志运营者经您信任的渠道提供。",
        http=400,
        exit=4,
    ),
    "receipt.leafless": Entry(
        "The proof is of a leaf whose bytes it does not carry.",
        "该证明未携带其所证明叶子的字节。",
        "Give the leaf with --leaf; it is hashed as it stands, byte for byte.",
        "请用 --leaf 给出叶子；将按原字节计算其哈希。",
        http=400,
        exit=4,
    ),
    "receipt.cose": Entry(
        "COSE receipts need the package cbor2, which is not installed.",
        "COSE 回执需要 cbor2 软件包，但未安装。",
        "Install answerable[cose], or use a receipt of the form tlog.",
        "请安装 answerable[cose]，或改用 tlog 格式的回执。",
        http=503,
        exit=4,
    ),
    "receipt.incomplete": Entry(
        "The receipt lacks the leaf {rid}, which its record points to as {member}.",
        "回执缺少其记录以 {member} 指向的叶子 {rid}。",
        "Fetch the receipt again from the log.",
        "请从日志重新获取回执。",
    ),
    "receipt.spare": Entry(
        "The receipt holds {what}, which nothing in its record points to.",
        "回执中含有其记录未指向的内容：{what}。",
        "Fetch the receipt again from the log.",
        "请从日志重新获取回执。",
    ),
    "receipt.inconsistent": Entry(
        "The leaves of the receipt contradict each other: {detail}.",
        "回执中的叶子互相矛盾：{detail}。",
        "Keep this file and report it to the operator of the log and to its witnesses.",
        "请保留该文件，并向日志运营者及见证方报告。",
    ),
    "receipt.signature": Entry(
        "The receipt is signed by a key of {name} that the trust file does not name.",
        "回执由 {name} 的某个密钥签名，而信任文件未列出该密钥。",
        "Ask the operator for a trust file with its present keys, by a way that you trust.",
        "请通过可信渠道向运营者索取列有其现行密钥的信任文件。",
    ),
    "receipt.undisclosed": Entry(
        "The receipt does not disclose the {group} content of its record, so nothing can be compared with it.",
        "回执未公开其记录的 {group} 内容，无法进行比对。",
        "Ask who holds the payload for a receipt that discloses it; it may have been erased.",
        "请向载荷持有者索取公开该内容的回执；载荷也可能已被删除。",
        http=404,
        exit=4,
    ),
    "receipt.content": Entry(
        "The content is not what record {rid} committed to.",
        "内容与记录 {rid} 所承诺的不一致。",
        "It was changed after it was made, or belongs to another record.",
        "内容在生成后被改动，或属于另一条记录。",
    ),
}
