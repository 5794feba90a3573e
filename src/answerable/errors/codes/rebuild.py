# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with rebuild: why `answerable log rebuild` leaves a store as it is."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "rebuild.nothing": Entry(
        "No source has a checkpoint of {origin} that can be believed.",
        "没有任何来源持有可信的 {origin} 检查点。",
        "Name a mirror, a published folder or a backup of the store with --from.",
        "请用 --from 指定镜像、已发布的目录或存储备份。",
        exit=4,
    ),
    "rebuild.behind": Entry(
        "The newest source ends at leaf {size}; a checkpoint over {published} leaves was published.",
        "最新来源止于第 {size} 片叶子，而已发布的检查点覆盖 {published} 片。",
        "Find a mirror that is not behind: going on from here would be a second history of this log. If there is none, "
        "this log has ended; make a new one with another domain and publish that fact.",
        "请寻找未落后的镜像：从此处继续会产生本日志的第二段历史。若不存在，则本日志到此终结；请以其他域名新建日志并公告。",
        exit=5,
    ),
    "rebuild.unpublished": Entry(
        "{lost} records that were acknowledged are in no source; no published checkpoint covers them.",
        "有 {lost} 条已确认的记录不在任何来源中；也没有已发布的检查点覆盖它们。",
        "Look for them first: another mirror, the old disk. To go on without them, say --give-up-unpublished.",
        "请先寻找：其他镜像、旧磁盘。确需放弃时，使用 --give-up-unpublished。",
        exit=5,
    ),
    "rebuild.forked": Entry(
        "The sources {one} and {other} hold two histories of this log.",
        "来源 {one} 与 {other} 保存着本日志的两段不同历史。",
        "Keep both as evidence and find out who wrote the other. Name only the source that the witnesses cosigned.",
        "请将两者都作为证据保留，并查明是谁写了另一份。只使用经见证方联署的来源。",
        exit=5,
    ),
}
