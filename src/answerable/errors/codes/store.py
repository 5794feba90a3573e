# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with store."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "store.missing": Entry(
        "There is no store at {path}.",
        "{path} 处没有存储。",
        "Make one with `answerable init`, or name the right folder with --store.",
        "请用 `answerable init` 创建，或用 --store 指定正确的目录。",
        http=503,
        exit=3,
    ),
    "store.exists": Entry(
        "There is a store at {path} already.",
        "{path} 处已有存储。",
        "Open it, or name another folder.",
        "请打开它，或指定其他目录。",
        exit=5,
    ),
    "store.locked": Entry(
        "Another process serves the store at {path}.",
        "另一个进程正在使用 {path} 处的存储。",
        "One store has one serving process: stop that one, or talk to it.",
        "一个存储只能由一个进程提供服务：请停止该进程，或与其通信。",
        http=503,
        exit=5,
    ),
    "store.newer": Entry(
        "The store has schema version {found}; this program knows versions up to {known}.",
        "存储的模式版本为 {found}，本程序最高支持 {known}。",
        "Run a newer version of the program; a store is never taken back to an older version.",
        "请使用更新版本的程序；存储不会降级到旧版本。",
        http=503,
        exit=4,
    ),
    "store.demo": Entry(
        "The store at {path} was made by the demo; its parties are invented.",
        "{path} 处的存储由演示创建，其责任主体均为虚构。",
        "Make a store of your own with `answerable init`; a demo store stays one.",
        "请用 `answerable init` 创建自己的存储；演示存储不能转为正式存储。",
        exit=2,
    ),
    "store.not_demo": Entry(
        "The store at {path} is a real one: the demo does not touch it.",
        "{path} 处是正式存储，演示不会使用它。",
        "Name another folder with --store, or leave it out.",
        "请用 --store 指定其他目录，或省略该选项。",
        exit=2,
    ),
    "store.foreign": Entry(
        "{path} is not a store of this program.",
        "{path} 不是本程序的存储。",
        "Name the right folder with --store.",
        "请用 --store 指定正确的目录。",
        http=503,
        exit=4,
    ),
    "store.failed": Entry(
        "The store could not be read or written: {detail}.",
        "存储读写失败：{detail}。",
        "Look at the disk and the system's log; nothing is acknowledged until it works again.",
        "请检查磁盘和系统日志；恢复之前不会确认任何记录。",
        http=503,
        exit=4,
    ),
    "store.full": Entry(
        "The disk of the store is full.",
        "存储所在磁盘已满。",
        "Free some space; stop orders are still written from a reserve.",
        "请释放空间；终止令仍可使用预留空间写入。",
        http=503,
        exit=4,
    ),
    "store.damaged": Entry(
        "The store holds something that cannot be right: {detail}.",
        "存储内容有误：{detail}。",
        "Do not write to it. Restore it from a backup or a mirror.",
        "请勿写入。请从备份或镜像恢复。",
        http=503,
        exit=4,
    ),
    "store.absent": Entry(
        "The log has no leaf {index}.",
        "日志中没有第 {index} 片叶子。",
        "Ask for an index below the size in the checkpoint.",
        "请使用小于检查点大小的序号。",
        http=404,
        exit=3,
    ),
    "store.forked": Entry(
        "The store's tree is not the one that this sequencer wrote: it expected size {expected} and found {found}.",
        "存储中的树与本排序器所写不符：预期大小 {expected}，实际 {found}。",
        "Make sure that one process alone writes to the store, then start again.",
        "请确认只有一个进程写入该存储，然后重新启动。",
        http=503,
        exit=4,
    ),
    "store.rolled_back": Entry(
        "The store is behind what was already committed: it has {found} leaves, the guard has seen {seen}.",
        "存储落后于已提交的内容：现有 {found} 片叶子，而防分叉守卫已见 {seen} 片。",
        "Nothing is signed for it. Restore the newest store from a backup or a mirror; do not delete the guard.",
        "不会再为其签名。请从备份或镜像恢复最新存储；请勿删除守卫文件。",
        http=503,
        exit=4,
    ),
    "store.rewritten": Entry(
        "The store's first {seen} leaves are not those that were committed before.",
        "存储的前 {seen} 片叶子与此前提交的不一致。",
        "Nothing is signed for it. Restore the store from a backup or a mirror; do not delete the guard.",
        "不会再为其签名。请从备份或镜像恢复存储；请勿删除守卫文件。",
        http=503,
        exit=4,
    ),
    "store.unguarded": Entry(
        "The anti-fork guard {path} cannot be used: {detail}.",
        "防分叉守卫 {path} 无法使用：{detail}。",
        "Bring the guard file back from its own path; without it a store that was rolled back looks whole.",
        "请从守卫文件自身的路径恢复它；没有它就无法发现存储被回滚。",
        http=503,
        exit=4,
    ),
}
