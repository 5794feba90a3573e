# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with witness: what a witness answers (C2SP tlog-witness fixes the HTTP status of each), and what a
log meets when it asks one."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "witness.request": Entry(
        "This is not a request to a witness: {detail}.",
        "这不是对见证方的合法请求：{detail}。",
        "Send what C2SP tlog-witness describes.",
        "请按 C2SP tlog-witness 的规定发送。",
        http=400,
    ),
    "witness.unknown_log": Entry(
        "This witness does not watch the log {origin}.",
        "该见证方不监视日志 {origin}。",
        "Ask the witness's operator to add its verifier key with `answerable witness watch`.",
        "请让见证方的运营者用 `answerable witness watch` 添加其验证密钥。",
        http=404,
        exit=3,
    ),
    "witness.untrusted": Entry(
        "The checkpoint bears no good signature of a key that this witness knows for {origin}.",
        "检查点上没有该见证方所知的 {origin} 密钥的有效签名。",
        "If the log's key was changed, the witness's operator has to be told its new verifier key.",
        "若日志更换了密钥，须将新的验证密钥告知见证方的运营者。",
        http=403,
    ),
    "witness.conflict": Entry(
        "This witness has last seen {size} records of the log {origin}.",
        "该见证方上次看到的日志 {origin} 有 {size} 条记录。",
        "Ask again with a proof from that size.",
        "请附上从该大小开始的证明重新请求。",
        exit=5,
    ),
    "witness.inconsistent": Entry(
        "The checkpoint of {origin} does not follow from what this witness has seen: {detail}.",
        "{origin} 的检查点与该见证方所见不一致：{detail}。",
        "If the request was well made, the log shows two faces; both are kept (`answerable witness evidence`).",
        "若请求无误，则该日志展示了两副面孔；两者均已留存（`answerable witness evidence`）。",
        http=422,
    ),
    "witness.state": Entry(
        "The witness cannot keep what it has seen in {path}: {detail}.",
        "见证方无法在 {path} 中保存所见：{detail}。",
        "Nothing is signed until it can. Look at the disk; never restore an older copy of the folder.",
        "恢复之前不会签署任何内容。请检查磁盘；切勿恢复该文件夹的旧副本。",
        http=503,
        exit=4,
    ),
    "witness.exists": Entry(
        "There is a witness in {path} already.",
        "{path} 中已有见证方。",
        "Choose another folder: a witness is never made anew over what it has seen.",
        "请选择其他文件夹：不得覆盖见证方已见的内容。",
        exit=5,
    ),
    "witness.missing": Entry(
        "There is no witness in {path}.",
        "{path} 中没有见证方。",
        "Make one with `answerable witness init`.",
        "请用 `answerable witness init` 创建。",
        exit=3,
    ),
    "witness.answer": Entry(
        "The witness {name} answered with what the protocol does not know: {detail}.",
        "见证方 {name} 的应答不符合协议：{detail}。",
        "Check its address in `[log.witnesses]` and its key in the policy file.",
        "请核对 `[log.witnesses]` 中的地址和策略文件中的密钥。",
        http=503,
        exit=4,
    ),
    "witness.unreachable": Entry(
        "The witness {name} does not answer: {detail}.",
        "见证方 {name} 无应答：{detail}。",
        "Check its address in `[log.witnesses]` and that it runs; the quorum may be met without it.",
        "请核对 `[log.witnesses]` 中的地址并确认其正在运行；没有它法定数也可能满足。",
        http=503,
        exit=4,
    ),
    "witness.behind": Entry(
        "The witness {name} has cosigned {seen} records before and now knows of {size}.",
        "见证方 {name} 此前已联署 {seen} 条记录，现在只知道 {size} 条。",
        "Its state is an older copy: ask its operator; until then it may cosign what it should refuse.",
        "其状态是旧副本：请询问其运营者；在此之前它可能联署本应拒绝的内容。",
        http=503,
        exit=4,
    ),
    "witness.ahead": Entry(
        "The witness {name} says that it has seen {size} records; this log has {own}.",
        "见证方 {name} 称已看到 {size} 条记录，而本日志有 {own} 条。",
        "Either the witness is wrong, or this store is an older copy: compare it with a mirror first.",
        "要么见证方有误，要么本存储是旧副本：请先与镜像比对，再写入。",
        http=503,
        exit=4,
    ),
}
