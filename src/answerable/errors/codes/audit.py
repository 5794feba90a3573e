# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with audit: what `answerable log fsck` finds."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

_REBUILD: Final = (
    "Stop the service. Put a backup in its place, or run `answerable log rebuild --from MIRROR`; keep the guard.",
    "请停止服务。用备份替换，或运行 `answerable log rebuild --from MIRROR`；请保留守卫。",
)

ENTRIES: Final[dict[str, Entry]] = {
    "audit.engine": Entry(
        "The database itself says that its file is damaged: {detail}.",
        "数据库自检报告其文件已损坏：{detail}。",
        *_REBUILD,
        exit=1,
    ),
    "audit.unreadable": Entry(
        "Leaf {index} cannot be read: {detail}.",
        "第 {index} 片叶子无法读取：{detail}。",
        *_REBUILD,
        exit=1,
    ),
    "audit.leaf": Entry(
        "Leaf {index} is not a valid record: {detail}.",
        "第 {index} 片叶子不是有效记录：{detail}。",
        *_REBUILD,
        exit=1,
    ),
    "audit.twice": Entry(
        "Leaf {index} has the same record id as leaf {other}: {rid}.",
        "第 {index} 片叶子与第 {other} 片叶子的记录编号相同：{rid}。",
        "Report it: no version of this program writes a record twice.",
        "请上报：本程序的任何版本都不会重复写入记录。",
        exit=1,
    ),
    "audit.tile": Entry(
        "Tile {level}/{n} is not what the leaves make.",
        "分片 {level}/{n} 与叶子计算所得不符。",
        *_REBUILD,
        exit=1,
    ),
    "audit.root": Entry(
        "The leaves lead to another root than the head of {size} leaves says.",
        "叶子计算所得的根与 {size} 片叶子的头部所记不符。",
        *_REBUILD,
        exit=1,
    ),
    "audit.checkpoint": Entry(
        "The newest checkpoint is not one of this log over this tree: {detail}.",
        "最新检查点不是本日志对该树的签名：{detail}。",
        *_REBUILD,
        exit=1,
    ),
    "audit.replay": Entry(
        "Leaf {index} does not follow from those before it: {detail}.",
        "第 {index} 片叶子与之前的记录不衔接：{detail}。",
        "Keep a copy of the store and report it: either it was written by somebody else or by a defect.",
        "请保留存储副本并上报：要么是他人写入，要么是程序缺陷。",
        exit=1,
    ),
    "audit.state": Entry(
        "The row {key} of {space} is not what the leaves say ({members}).",
        "{space} 中的行 {key} 与叶子所述不符（{members}）。",
        "Stop the service and run `answerable log rebuild --state`: rows are told again from the leaves.",
        "请停止服务并运行 `answerable log rebuild --state`：将依据叶子重建各行。",
        exit=1,
    ),
    "audit.payload": Entry(
        "What stands behind the {group} commitment of {rid} cannot be used: {detail}.",
        "{rid} 的 {group} 承诺值背后的内容无法使用：{detail}。",
        "The record itself stands. Bring the payload files back from a backup if the content is needed.",
        "记录本身完好。如需其内容，请从备份恢复载荷文件。",
        exit=1,
    ),
    "audit.payload_gone": Entry(
        "The {group} behind {rid} is not there, and it is of those that never expire.",
        "{rid} 的 {group} 已不存在，而此类内容永不过期。",
        "Bring the payload files back from a backup.",
        "请从备份恢复载荷文件。",
        exit=1,
    ),
    "audit.index": Entry(
        "The index finds {rid} elsewhere than at leaf {index}.",
        "索引对 {rid} 的定位不是第 {index} 片叶子。",
        "Delete `index.db` while nothing is served: it is built again from the log.",
        "请在未提供服务时删除 `index.db`：它会依据日志重建。",
        exit=1,
    ),
}
