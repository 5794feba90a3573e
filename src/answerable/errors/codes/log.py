# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with log."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "log.encoding": Entry(
        "The data is not in its one canonical encoding: {detail}.",
        "数据不是其唯一的规范编码：{detail}。",
        "Fetch it again from its source; if it stays so, report it to the operator of the log.",
        "请从来源重新获取；若仍如此，请向日志运营者报告。",
        http=400,
    ),
    "log.signature": Entry(
        "A signature does not verify.",
        "签名验证不通过。",
        "Check that the key is the right one and that the signed text is unchanged.",
        "请核对密钥是否正确、被签名的内容是否未被改动。",
    ),
    "log.sealed": Entry(
        "A sealed record does not open: its key is another, or its bytes were changed.",
        "加密记录无法打开：密钥不符，或其字节被改动。",
        "Use the key that sealed it, or restore the record from a backup.",
        "请使用加密时的密钥，或从备份恢复该记录。",
    ),
    "log.key": Entry(
        "The key file {path} is not usable: {detail}.",
        "密钥文件 {path} 无法使用：{detail}。",
        "Correct the file; keys are of mode 600 and each has one purpose.",
        "请更正该文件；密钥文件权限须为 600，且每个密钥只有一个用途。",
        http=500,
        exit=4,
    ),
    "log.leaf": Entry(
        "The record is not a valid leaf: {detail}.",
        "该记录不是有效的叶子：{detail}。",
        "Correct what was to be written; `docs/spec/leaves.md` gives the format.",
        "请更正要写入的内容；格式见 `docs/spec/leaves.md`。",
        http=400,
    ),
    "log.oversized": Entry(
        "The leaf is {size} bytes long; at most {limit} are allowed.",
        "叶子长 {size} 字节，上限为 {limit} 字节。",
        "Put long content into a payload and its commitment into the leaf.",
        "请将较长内容放入载荷，叶子中只放其承诺值。",
        http=413,
    ),
    "log.commitment": Entry(
        "The content is not what the {group} commitment in the log hides.",
        "内容与日志中 {group} 承诺值不符。",
        "The content or its salt was changed; use the original.",
        "内容或其盐值已被改动；请使用原件。",
    ),
    "log.proof": Entry(
        "The proof does not hold: {detail}.",
        "证明不成立：{detail}。",
        "Fetch it again from its source; if it stays so, report it to the operator of the log.",
        "请从来源重新获取；若仍如此，请向日志运营者报告。",
    ),
    "log.tile": Entry(
        "Tile {level}/{n} of the tree is missing or has the wrong width.",
        "树的分片 {level}/{n} 缺失或宽度不对。",
        "Restore the log's store from a backup or a mirror.",
        "请从备份或镜像恢复日志存储。",
        http=503,
        exit=4,
    ),
    "log.path": Entry(
        "This is not the path of a checkpoint, a tile or a bundle of entries, nor a pruning mark.",
        "这不是检查点、分片或条目集合的路径，也不是裁剪标记。",
        "`docs/spec/tiles.md` gives the paths; each tile has exactly one.",
        "路径规则见 `docs/spec/tiles.md`；每个分片只有一个路径。",
        http=404,
        exit=2,
    ),
    "log.joint": Entry(
        "The proof does not lead from the shard into the root log: {detail}.",
        "该证明不能从分片日志通向根日志：{detail}。",
        "Join the receipt again, with the root log that records this shard.",
        "请用记录该分片的根日志重新衔接该回执。",
    ),
    "log.bundle": Entry(
        "The bundle of leaves is malformed: {detail}.",
        "叶子集合格式错误：{detail}。",
        "Fetch it again from its source; if it stays so, report it to the operator of the log.",
        "请从来源重新获取；若仍如此，请向日志运营者报告。",
        http=400,
    ),
    "log.note": Entry(
        "The signed note is malformed: {detail}.",
        "签名文本格式错误：{detail}。",
        "Fetch it again from its source; if it stays so, report it to the operator of the log.",
        "请从来源重新获取；若仍如此，请向日志运营者报告。",
        http=400,
    ),
    "log.checkpoint": Entry(
        "The checkpoint is malformed: {detail}.",
        "检查点格式错误：{detail}。",
        "Fetch it again from its source; if it stays so, report it to the operator of the log.",
        "请从来源重新获取；若仍如此，请向日志运营者报告。",
        http=400,
    ),
    "log.untrusted": Entry(
        "No signature on this checkpoint is by a key that the trust file names for {origin}.",
        "该检查点上没有信任文件为 {origin} 列出的密钥所作的签名。",
        "Get the trust file from the operator of the log by a way that you trust.",
        "请通过可信渠道向日志运营者获取信任文件。",
    ),
    "log.quorum": Entry(
        "The checkpoint of {origin} does not bear the cosignatures that the trust file demands ({quorum}).",
        "{origin} 的检查点没有信任文件所要求的见证方联署（{quorum}）。",
        "Wait until its witnesses have cosigned it and fetch it again; if it stays so, it may be shown to you alone.",
        "请等待见证方联署后重新获取；若仍如此，它可能是只展示给您一方的。",
        exit=4,
    ),
    "log.trust": Entry(
        "The trust file is malformed at line {line}: {detail}.",
        "信任文件第 {line} 行格式错误：{detail}。",
        "Get the trust file again from the operator of the log.",
        "请向日志运营者重新获取信任文件。",
        http=400,
        exit=4,
    ),
    "log.conflict": Entry(
        "Something that this change relies on has changed meanwhile.",
        "此变更所依赖的状态已发生变化。",
        "Look at the present state and try again.",
        "请查看当前状态后重试。",
        exit=5,
    ),
    "log.full": Entry(
        "The log has more waiting than it may hold.",
        "日志等待队列已满。",
        "Try again in a moment; if it lasts, the disk is slower than the load.",
        "请稍后重试；若持续出现，说明磁盘跟不上负载。",
        http=503,
        exit=4,
    ),
    "log.stopped": Entry(
        "The log does not take records now: {detail}.",
        "日志当前不接受记录：{detail}。",
        "No record, no act: look at the store's disk and the server's log.",
        "无记录则不得行为：请检查存储磁盘和服务器日志。",
        http=503,
        exit=4,
    ),
    "log.unwitnessed": Entry(
        "The record is in the log, but its witnesses have not cosigned it in time ({detail}).",
        "记录已写入日志，但见证方未在时限内联署（{detail}）。",
        "Nothing was done. Look at the witnesses with `answerable doctor` and try again.",
        "未执行任何操作。请用 `answerable doctor` 检查见证方后重试。",
        http=503,
        exit=4,
    ),
    "log.no_quorum": Entry(
        "This has to be witnessed, and no quorum of witnesses is configured.",
        "此操作须经见证，而未配置任何见证法定数。",
        "Name witnesses and a quorum in the policy file of `[log] policy`; `docs/operate/witnesses.md` says how.",
        "请在 `[log] policy` 的策略文件中列出见证方和法定数；方法见 `docs/operate/witnesses.md`。",
    ),
    "log.unrecorded": Entry(
        "The log has no record {rid}.",
        "日志中没有记录 {rid}。",
        "Check the record id, and that this is the log that wrote it.",
        "请核对记录编号，并确认查询的是写入它的日志。",
        http=404,
        exit=3,
    ),
}
