# SPDX-License-Identifier: Apache-2.0
"""Gateways on other hosts: enrolling them, and what keeps one from acting."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "node.name": Entry(
        "{name} is not a name for a gateway node.",
        "{name} 不能用作网关节点的名称。",
        "Take lower-case letters, digits, dots, dashes; not `main`, which is the control plane's own gateway.",
        "请使用小写字母、数字、点或连字符；`main` 已为控制面自身网关保留。",
        http=422,
        exit=2,
    ),
    "node.taken": Entry(
        "A node named {name}, or with that log, was enrolled before.",
        "名为 {name} 或使用同一日志的节点已登记过。",
        "Take another name and a new store: a node's name is never used again.",
        "请更换名称并新建存储：节点名称永不重用。",
        http=422,
        exit=5,
    ),
    "node.log": Entry(
        "The verifier key is not that of a log of the node's own.",
        "该验证密钥不属于节点自己的日志。",
        "Send the request file that `answerable gateway init` wrote on the node.",
        "请使用在节点上由 `answerable gateway init` 生成的请求文件。",
        http=422,
        exit=2,
    ),
    "node.unknown": Entry(
        "{node} is not an enrolled gateway node.",
        "{node} 不是已登记的网关节点。",
        "See `answerable gateway ls`; an administrator enrols one with `answerable gateway enrol`.",
        "请用 `answerable gateway ls` 查看；由管理员用 `answerable gateway enrol` 登记。",
        exit=3,
    ),
    "node.not_its": Entry(
        "The copy {copy} is not one whose warrants this node keeps.",
        "运行副本 {copy} 的许可不由该节点保管。",
        "A node is given warrants for copies that it started, for copies behind handles, and for the canary.",
        "节点只能获得由其启动的副本、句柄所代表的副本以及金丝雀副本的许可。",
    ),
    "node.unseen": Entry(
        "This gateway has not seen its control plane since it was started.",
        "本网关自启动以来尚未连上控制面。",
        "Mend the way to the control plane: what was registered and stopped meanwhile is not known here.",
        "请恢复与控制面的连接：此处不知其间的登记与终止。",
        http=503,
        exit=4,
    ),
    "node.away": Entry(
        "The control plane does not answer: {detail}.",
        "控制面无应答：{detail}。",
        "Mend the way to it; this gateway goes on until its warrants and its pulse end, then refuses.",
        "请恢复连接；本网关在许可与脉冲到期前继续运行，之后拒绝一切请求。",
        http=503,
        exit=4,
    ),
    "node.answer": Entry(
        "What came from the control plane is not what it signs: {detail}.",
        "收到的内容并非控制面所签：{detail}。",
        "Look who answers at that address, and whether the card is of this control plane.",
        "请检查该地址的应答方，以及名片是否属于该控制面。",
        http=502,
        exit=4,
    ),
    "node.card": Entry(
        "This store has no card of its control plane, or one that cannot be read: {detail}.",
        "该存储没有控制面名片，或名片无法读取：{detail}。",
        "Run `answerable gateway join CARD` with the file that `answerable gateway enrol` wrote.",
        "请用 `answerable gateway enrol` 生成的文件运行 `answerable gateway join CARD`。",
        http=422,
        exit=2,
    ),
    "node.checkpoint": Entry(
        "The node's checkpoint is not recorded: {detail}.",
        "未记录该节点的检查点：{detail}。",
        "A log only grows and is signed by its own key: see what happened to the node's store.",
        "日志只能增长且由其自身密钥签名：请检查该节点的存储。",
        http=422,
    ),
    "node.here": Entry(
        "This is done at the control plane, not at a gateway node.",
        "此操作须在控制面进行，而非网关节点。",
        "Ask the control plane's own store; a node registers nothing and stops nobody.",
        "请在控制面的存储上操作；节点不进行登记，也不下达终止。",
        exit=2,
    ),
}
