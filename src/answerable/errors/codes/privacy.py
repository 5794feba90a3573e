# SPDX-License-Identifier: Apache-2.0
"""What people said and were told: erasing it, keeping it, reading it."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "privacy.unknown": Entry(
        "There is no {what} {rid}.",
        "没有这样的{what}：{rid}。",
        "Take the id as `answerable log tail`, `answerable log holds` or `answerable data mine` print it.",
        "请使用 `answerable log tail`、`answerable log holds` 或 `answerable data mine` 显示的编号。",
        http=404,
        exit=3,
    ),
    "privacy.organisation": Entry(
        "{party} is no natural person: its name is not erased.",
        "{party} 不是自然人：其名称不予删除。",
        "Names of natural persons (PERSON-...) are erased. What an organisation is called says who answers.",
        "仅删除自然人（PERSON-...）的姓名；组织的名称用于说明由谁负责。",
    ),
    "privacy.malformed": Entry(
        "The statement cannot be taken: {detail}.",
        "无法受理该声明：{detail}。",
        "Make it anew with the command line of this version.",
        "请用当前版本的命令行重新生成。",
        http=400,
    ),
    "privacy.signature": Entry(
        "The signature of key {key} is not over this statement for this log.",
        "密钥 {key} 的签名与本日志的这份声明不符。",
        "Sign it anew; nothing in a signed statement may be changed.",
        "请重新签名；已签名的声明不得改动。",
    ),
    "privacy.signer": Entry(
        "The key {key} may not sign this: {need} must.",
        "密钥 {key} 无权签署，须由{need}签署。",
        "Sign with the key of such a person or party, in force. A system or a copy never signs here.",
        "请用符合要求且有效的人员或主体密钥签名。系统或运行副本无权签署。",
    ),
    "privacy.officers": Entry(
        "It takes {need} different officers, {have} signed.",
        "须有 {need} 名不同的责任官员签名，现有 {have} 名。",
        "Let another officer sign too: a second `--as`, or `--draft` and `--from`.",
        "请另一名责任官员签名：再加一个 `--as`，或使用 `--draft` 与 `--from`。",
    ),
    "privacy.disjoint": Entry(
        "Who may read must not be among those who allow it.",
        "获准读取的人不得同时是批准人。",
        "Let two other officers sign, or ask the party that answers for the record.",
        "请由另外两名责任官员签名，或请对该记录负责的主体授权。",
    ),
    "privacy.replayed": Entry(
        "This statement was used before.",
        "该声明已被使用过。",
        "Make and sign a new one.",
        "请重新生成并签名。",
        exit=5,
    ),
    "privacy.held": Entry(
        "It is under the legal hold {hold}, and is not erased.",
        "该记录处于法律保全 {hold} 之下，不得删除。",
        "Two officers lift the hold first: `answerable log unhold {hold}`.",
        "须先由两名责任官员解除保全：`answerable log unhold {hold}`。",
        http=423,
    ),
    "privacy.erased": Entry(
        "What was said is erased already, under the record {erasure}.",
        "内容已被删除，依据记录 {erasure}。",
        "Nothing is left to do; `answerable who` still says who answers.",
        "无需再做；`answerable who` 仍会说明由谁负责。",
        http=410,
        exit=5,
    ),
    "privacy.unfinished": Entry(
        "The erasure is on record as {erasure}, but its bytes could not be overwritten yet ({detail}).",
        "删除已记录为 {erasure}，但其字节尚未能覆写（{detail}）。",
        "Mend the store's disk; it is tried again every ten minutes, at the next start, and by "
        "`answerable log erasures --finish`.",
        "请修复存储磁盘；系统每十分钟、下次启动时以及执行 `answerable log erasures --finish` 时会重试。",
        http=503,
        exit=4,
    ),
    "privacy.in_flight": Entry(
        "The action {record} has not ended yet.",
        "行为 {record} 尚未结束。",
        "Wait until it has ended, or stop it, and ask again.",
        "请等其结束或先终止它，再重试。",
        exit=5,
    ),
    "privacy.lifted": Entry(
        "The legal hold {hold} is lifted already.",
        "法律保全 {hold} 已经解除。",
        "Nothing is left to do.",
        "无需再做。",
        exit=5,
    ),
    "privacy.grant": Entry(
        "The grant {grant} does not allow this: {problem}.",
        "授权 {grant} 不允许此次读取：{problem}。",
        "Ask the party that answers for the record for a grant: `answerable data grant`.",
        "请向对该记录负责的主体申请授权：`answerable data grant`。",
    ),
    "privacy.not_kept": Entry(
        "What was said is not kept any more, or never was.",
        "内容已不再保存，或从未保存。",
        "`answerable log retention` says how long what is kept; the record itself still stands.",
        "`answerable log retention` 显示各类内容的保存期限；记录本身仍然存在。",
        http=410,
        exit=3,
    ),
    "privacy.authority": Entry(
        "The party {party} has the role of an authority towards no registered system.",
        "责任主体 {party} 未在任何已登记系统中担任监管机构角色。",
        "Register a system with the party in the role `authority`, or publish the feed to a folder.",
        "请登记一个由该主体担任 `authority` 角色的系统，或将信息流发布到文件夹。",
    ),
    "privacy.feed": Entry(
        "The feed's page {page} does not hold: {detail}.",
        "信息流第 {page} 页不成立：{detail}。",
        "Keep it as evidence, and ask the operator for an explanation.",
        "请将其留作证据，并要求运营方说明。",
    ),
}
