# SPDX-License-Identifier: Apache-2.0
"""Stop orders and what they refuse."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "stop.system": Entry(
        "This system or one that it descends from was stopped by order {order}.",
        "该系统或其上游系统已被终止令 {order} 停止。",
        "A stop is not undone; ask the officers about a reauthorisation under a new system id.",
        "终止不可撤销；如需恢复，请由责任官员以新的系统编号重新授权。",
    ),
    "stop.usage": Entry(
        "That is no order yet: {detail}.",
        "这还不是一条终止令：{detail}。",
        "docs/operate/stop.md goes through it step by step; `answerable stop SYSTEM --dry-run` signs nothing.",
        "请按 docs/operate/stop.md 逐步操作；`answerable stop 系统 --dry-run` 不签署任何内容。",
        http=400,
        exit=2,
    ),
    "stop.stale": Entry(
        "The issuer knew of {known} changes to the stop set; this holder knows of {have}.",
        "签发者已知终止集的 {known} 次变更，而本持有者仅知 {have} 次。",
        "Bring this holder's stop set up to date before it admits anything.",
        "请先更新本持有者的终止集，再放行任何行为。",
    ),
    "stop.root_unknown": Entry(
        "There is no {scope} {root} that an order could name.",
        "不存在可供终止令指向的 {scope}：{root}。",
        "List what is registered with `answerable ls`, then name it by its id.",
        "请用 `answerable ls` 查看已登记对象，并以其编号指明。",
        exit=3,
    ),
    "stop.ambiguous": Entry(
        "Several systems are called {name}; the newest: {ids}.",
        "有多个系统名为 {name}；最新的为：{ids}。",
        "Name the one that you mean by its id; see `answerable ls --json`.",
        "请以编号指明所指的系统；见 `answerable ls --json`。",
        exit=5,
    ),
    "stop.malformed": Entry(
        "The signed statement is not a well-formed one: {detail}.",
        "所签声明格式不正确：{detail}。",
        "Make it anew with `answerable stop`, `release` or `reauthorise`.",
        "请用 `answerable stop`、`release` 或 `reauthorise` 重新生成。",
        exit=2,
    ),
    "stop.replayed": Entry(
        "This signed statement was used before; a statement counts once.",
        "该签名声明已使用过；每份声明仅生效一次。",
        "Sign a new statement.",
        "请重新签署一份声明。",
        exit=5,
    ),
    "stop.signature": Entry(
        "The signature under key {key} does not hold over this statement.",
        "密钥 {key} 对该声明的签名不成立。",
        "Sign exactly this statement, for this log's origin, with an enrolled key.",
        "请使用已登记的密钥，对本日志来源下的此声明原文签名。",
    ),
    "stop.not_officer": Entry(
        "Key {key} is not the key of an officer who is a person and still in office.",
        "密钥 {key} 不属于在任且为自然人的责任官员。",
        "Have an officer sign; `answerable ls admins` lists them.",
        "请由责任官员签署；可用 `answerable ls admins` 查看名单。",
    ),
    "stop.officers": Entry(
        "This needs {need} distinct officers; {have} signed.",
        "此操作需要 {need} 名不同的责任官员，目前仅有 {have} 名签署。",
        "Ask another officer to sign; one person's keys count once.",
        "请其他责任官员签署；同一人的多把密钥只计一次。",
    ),
    "stop.same_officer": Entry(
        "Officer {officer} signed the order and cannot sign its reauthorisation.",
        "责任官员 {officer} 曾签署该终止令，不得再签署其重新授权。",
        "Ask officers who did not sign the order.",
        "请由未签署该终止令的责任官员办理。",
    ),
    "stop.cap": Entry(
        "One officer alone has suspended {root} {cap} times within a day.",
        "一名责任官员单独暂停 {root} 在一日内已达 {cap} 次。",
        "Have a second officer sign: a suspension by two does not lapse and is not capped.",
        "请由第二名责任官员共同签署：两人签署的暂停不会失效，也不受次数限制。",
    ),
    "stop.count": Entry(
        "This order ends {count} copies, and the count was not confirmed.",
        "该终止令将停止 {count} 个运行副本，但未确认该数目。",
        "Look at the preview and type in the count: --count {count}.",
        "请查看预览并输入数目：--count {count}。",
        exit=2,
    ),
    "stop.order_unknown": Entry(
        "There is no order {order}.",
        "不存在终止令 {order}。",
        "List the orders with `answerable ls orders`.",
        "请用 `answerable ls orders` 查看终止令。",
        exit=3,
    ),
    "stop.not_suspension": Entry(
        "Order {order} is a termination; it is never released.",
        "终止令 {order} 为终止，不可解除。",
        "See `answerable reauthorise` for a new system id beside the stopped one.",
        "可用 `answerable reauthorise` 为新的系统编号重新授权。",
        exit=5,
    ),
    "stop.not_termination": Entry(
        "Order {order} is a suspension; it lapses or is released, and needs no reauthorisation.",
        "终止令 {order} 为暂停；它会失效或被解除，无需重新授权。",
        "Release it with two officers, or complete it to a termination first.",
        "请由两名责任官员解除，或先将其升级为终止。",
        exit=5,
    ),
    "stop.lapsed": Entry(
        "Suspension {order} has lapsed or was released.",
        "暂停令 {order} 已失效或已被解除。",
        "Sign a new order.",
        "请签署新的终止令。",
        exit=5,
    ),
    "stop.other_root": Entry(
        "Suspension {order} names another root or scope than this termination.",
        "暂停令 {order} 的对象或范围与本终止令不同。",
        "Name the same root and scope, or sign an order of its own.",
        "请指明相同的对象与范围，或另行签署终止令。",
        exit=5,
    ),
    "stop.digest": Entry(
        "Digest {digest} is not among what order {order} stopped.",
        "摘要 {digest} 不在终止令 {order} 所停止的范围内。",
        "Reauthorise digests of that order alone; others need no reauthorisation.",
        "仅可重新授权该终止令所列的摘要；其他摘要无需重新授权。",
    ),
    "stop.id_taken": Entry(
        "System id {id} exists or was reauthorised already.",
        "系统编号 {id} 已存在或已被重新授权。",
        "Make a new system id: a reauthorisation never brings an old one back.",
        "请生成新的系统编号：重新授权不会恢复旧编号。",
        exit=5,
    ),
    "stop.no_origin": Entry(
        "The log has no origin yet, so no statement can name it.",
        "日志尚无来源名称，声明无从指明。",
        "Set the store up first: `answerable init`.",
        "请先初始化存储：`answerable init`。",
        http=503,
        exit=4,
    ),
}
