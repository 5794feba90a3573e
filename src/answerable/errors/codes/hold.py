# SPDX-License-Identifier: Apache-2.0
"""Actions that wait for people, and what people say about them."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "hold.unknown": Entry(
        "There is no hold {hold} for this call.",
        "没有针对此调用的待审批项 {hold}。",
        "Take the id from the answer that said `action.held`; only who asked sees it through the gateway.",
        "请使用 `action.held` 答复中的编号；经网关仅原调用方可见。",
        http=404,
        exit=3,
    ),
    "hold.rejected": Entry(
        "An approver rejected this call: {hold}.",
        "审批人已拒绝此调用：{hold}。",
        "Do something else. The same call is refused until {until}; a different one is judged by itself.",
        "请改用其他方式。同一调用在 {until} 之前一律拒绝；不同的调用另行裁决。",
    ),
    "hold.expired": Entry(
        "Nobody approved this call in time: {hold}. It is refused.",
        "此调用未在期限内获批：{hold}，视为拒绝。",
        "Make the call anew without naming the hold; approvers are then asked again.",
        "请不带该编号重新调用，届时将再次请求审批。",
    ),
    "hold.spent": Entry(
        "The approval {hold} was used: it allows one call.",
        "审批 {hold} 已使用：每次审批仅限一次调用。",
        "Ask for another approval by making the call without naming the hold.",
        "请不带该编号重新调用以申请新的审批。",
    ),
    "hold.void": Entry(
        "The hold {hold} is void: the policy, or what it asks for, has changed since.",
        "审批项 {hold} 已失效：策略或其要求已变更。",
        "Make the call anew without naming the hold; it is then judged by the policy of now.",
        "请不带该编号重新调用，届时将按现行策略裁决。",
    ),
    "hold.registered": Entry(
        "The hold {hold} is void: its tool was classified, pinned or withdrawn anew since it was asked.",
        "审批项 {hold} 已失效：其工具在提出后已被重新分类、重新固定或撤回。",
        "Make the call anew without naming the hold; people are then asked about the tool as it is registered now.",
        "请不带该编号重新调用，届时审批人将按该工具现行登记作出决定。",
    ),
    "hold.moved": Entry(
        "The hold {hold} is void: another system would answer now than the one that it was asked for.",
        "审批项 {hold} 已失效：现将由另一系统答复，并非提出时的系统。",
        "Make the call anew without naming the hold; people are then asked about the system of now.",
        "请不带该编号重新调用，届时审批人将就现行系统作出决定。",
    ),
    "hold.mismatch": Entry(
        "The hold {hold} is for another call: caller, server, tool or arguments differ.",
        "审批项 {hold} 针对的是另一调用：调用方、服务器、工具或参数不同。",
        "Repeat exactly the call that was held, or make this one without naming a hold.",
        "请原样重复被暂缓的调用，或不带编号发起本调用。",
    ),
    "hold.crowded": Entry(
        "{have} calls of this system wait for people already; no more than {most} may.",
        "该系统已有 {have} 个调用等待审批，上限为 {most} 个。",
        "Wait until approvers have decided about some of them.",
        "请等待审批人处理部分待审批项。",
    ),
    "hold.unkept": Entry(
        "This call needs people, and this store keeps nothing that they could look at.",
        "此调用须经人员审批，但本存储不保留可供查看的内容。",
        "Let the store keep payloads (`store.payloads`), then repeat the call.",
        "请启用载荷保存（`store.payloads`）后重新调用。",
    ),
    "hold.unreadable": Entry(
        "What the hold {hold} is for cannot be shown: it was erased, has expired or is damaged.",
        "无法显示审批项 {hold} 的内容：已被删除、过期或损坏。",
        "Make the call anew; nobody approves what cannot be seen.",
        "请重新发起调用；无法查看的内容不得审批。",
        http=404,
        exit=4,
    ),
    "hold.malformed": Entry(
        "The approval cannot be taken: {detail}.",
        "无法受理该审批：{detail}。",
        "Look at the hold with `answerable holds show`, and sign anew with this version's command line.",
        "请用 `answerable holds show` 查看，并用当前版本命令行重新签名。",
        http=400,
    ),
    "hold.signature": Entry(
        "The signature of key {key} is not over this approval for this log.",
        "密钥 {key} 的签名与本日志的这份审批不符。",
        "Sign it anew; nothing in a signed approval may be changed, and it is worth nothing for another hold.",
        "请重新签名；已签名的审批不得改动，也不得用于其他审批项。",
    ),
    "hold.signer": Entry(
        "The key {key} may not decide about this: it takes a person in office as {roles}.",
        "密钥 {key} 无权审批：须由在任的{roles}审批。",
        "Let such a person sign. A system, a copy or a party's key never approves.",
        "请由符合要求的人员签名。系统、运行副本与主体密钥均不得审批。",
    ),
    "hold.own": Entry(
        "{person} answers for the system that asks, and does not approve what it does.",
        "{person} 是该系统的责任主体，不得审批其行为。",
        "Let somebody else approve.",
        "请由他人审批。",
    ),
    "hold.twice": Entry(
        "{person} has agreed to this already: the same person counts once, however many keys they have.",
        "{person} 已经同意：同一人无论持有多少密钥只计一次。",
        "Another person has to agree; to take it back, reject it.",
        "须由另一人同意；如需撤回请拒绝该项。",
        exit=5,
    ),
    "hold.settled": Entry(
        "The hold {hold} is {state}: there is nothing left to decide.",
        "审批项 {hold} 的状态为 {state}，无需再审批。",
        "Look with `answerable holds ls` for what waits.",
        "请用 `answerable holds ls` 查看待审批项。",
        exit=5,
    ),
    "hold.replayed": Entry(
        "This approval was handed in before.",
        "该审批已提交过。",
        "Make and sign a new one.",
        "请重新生成并签名。",
        exit=5,
    ),
    "hold.elsewhere": Entry(
        "No action waits for people here: this is a gateway node.",
        "此处为网关节点，没有等待审批的行为。",
        "Ask where the registry is.",
        "请在登记服务所在处查询。",
        http=503,
        exit=4,
    ),
    "hold.unseen": Entry(
        "Nobody agrees to what they have not seen: the digest is missing, or is of another call.",
        "未查看内容不得同意：缺少摘要，或摘要属于另一调用。",
        "Look with `answerable holds show`, then give the first {digits} digits of its digest: `--digest`.",
        "请先用 `answerable holds show` 查看，再以 `--digest` 给出摘要前 {digits} 位。",
        exit=2,
    ),
    "hold.waiting": Entry(
        "A call has waited for people for long, and nobody decided.",
        "有调用长时间等待审批，尚无人处理。",
        "Look with `answerable holds ls`, then approve, modify, reject or escalate it.",
        "请用 `answerable holds ls` 查看并批准、修改、拒绝或升级。",
        http=503,
        exit=4,
    ),
    "hold.waved": Entry(
        "An approver lets most of what ought to be rejected through.",
        "某审批人放行了大部分本应拒绝的调用。",
        "See `answerable holds approvers`; talk to them, or withdraw their key: their votes end with it.",
        "请查看 `answerable holds approvers`，与其沟通或撤销其密钥；其投票随之失效。",
        http=503,
        exit=4,
    ),
    "hold.lowered": Entry(
        "Escalating asks for more people or a further role, never for fewer.",
        "升级只能要求更多人员或增加角色，不得减少。",
        "Now: {people} people, roles {roles}. Name more.",
        "目前为 {people} 人、角色 {roles}。请指定更多。",
    ),
}
