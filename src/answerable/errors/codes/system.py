# SPDX-License-Identifier: Apache-2.0
"""Systems, their lineage, copies and duties."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "system.unknown": Entry(
        "No system is registered as {system}.",
        "未登记系统 {system}。",
        "See `answerable ls`, or register it with `answerable register`.",
        "请查看 `answerable ls`，或用 `answerable register` 登记。",
        http=404,
        exit=3,
    ),
    "system.copy_unknown": Entry(
        "No copy is registered as {copy}.",
        "未登记运行副本 {copy}。",
        "See `answerable ps`.",
        "请查看 `answerable ps`。",
        http=404,
        exit=3,
    ),
    "system.no_party": Entry(
        "Nobody answers for this system: it needs a provider, deployer, importer, distributor or operator.",
        "无人对该系统负责：需要提供者、部署者、进口者、分销者或运营者。",
        "Name a registered party with one of these roles.",
        "请指定具有上述角色之一的已登记主体。",
    ),
    "system.parent": Entry(
        "The parent {parent} is not registered.",
        "上游系统 {parent} 未登记。",
        "Register the parent first; a lineage has no gaps.",
        "请先登记上游系统；谱系不能有缺口。",
    ),
    "system.relation": Entry(
        "The lineage edges do not fit together: {problem}.",
        "谱系关系不成立：{problem}。",
        "Use finetune, adapter, merge (two parents or more), quantized, distilled or copy for weights, and uses from "
        "an agent, robot, application or digital human to what it runs on.",
        "权重关系请用 finetune、adapter、merge（至少两个上游）、quantized、distilled 或 copy；"
        "智能体、机器人、应用或数字人对其运行所依赖者请用 uses。",
        http=400,
    ),
    "system.cycle": Entry(
        "The lineage would lead back to {system} itself.",
        "谱系将绕回 {system} 自身。",
        "Name what it came from; nothing comes from itself.",
        "请填写其来源；任何系统不能来自自身。",
    ),
    "system.lineage": Entry(
        "The system would descend from more than {most} others, which no warrant can carry.",
        "该系统的上游将超过 {most} 个，许可无法承载。",
        "Register it from fewer parents.",
        "请减少其上游系统。",
    ),
    "system.ambiguous": Entry(
        "Several systems are called {name}; the newest: {ids}.",
        "有多个系统名为 {name}；最新的为：{ids}。",
        "Name the one that you mean by its id; see `answerable ls --json`.",
        "请以编号指明所指的系统；见 `answerable ls --json`。",
        exit=5,
    ),
    "system.name": Entry(
        "{name} is reserved, has the form of an id, or belongs to a system of other parties.",
        "{name} 为保留名称、形如编号，或已属于其他主体的系统。",
        "Choose another name.",
        "请另选名称。",
        exit=5,
    ),
    "system.field": Entry(
        "The registration's {field} does not hold: {problem}.",
        "登记项 {field} 不成立：{problem}。",
        "Correct it; see `answerable register system --help`.",
        "请更正，参见 `answerable register system --help`。",
        http=400,
    ),
    "system.capability": Entry(
        "{capability} is no capability that the table of tiers knows.",
        "分级表中没有能力 {capability}。",
        "Use the words of docs/reference/tiers.md.",
        "请使用 docs/reference/tiers.md 中的词语。",
        http=400,
    ),
    "system.beyond": Entry(
        "What a system makes has no more rights than itself: {right} {asked} is beyond {allowed}.",
        "系统所创建者的权利不得超过其自身：{right} {asked} 超出 {allowed}。",
        "Ask for less, or have people register it.",
        "请减少所要求的权利，或由人登记。",
    ),
    "system.family": Entry(
        "A family of systems that made each other is bounded: {bound}, at most {most}.",
        "相互创建的系统家族有上限：{bound} 至多 {most}。",
        "End copies that are not needed, or have people register what comes next.",
        "请结束不再需要的运行副本，或由人登记后续系统。",
    ),
    "system.not_made": Entry(
        "{system} was not made by the system that asks.",
        "{system} 并非由请求方系统创建。",
        "A system starts and ends copies of what it made alone; people start the others.",
        "系统只能启动或结束其所创建者的运行副本；其余由人启动。",
    ),
    "system.people": Entry(
        "By now {people} people must approve this, and {agreed} did.",
        "现需 {people} 人批准，已有 {agreed} 人批准。",
        "Ask again; it waits for them.",
        "请重新提出请求；将等待其批准。",
    ),
    "system.announcement": Entry(
        "The announcement {announcement} is unknown, or differs from this registration in {field}.",
        "预告 {announcement} 未知，或与本次登记在 {field} 上不一致。",
        "Register what was announced, or announce what is built.",
        "请登记所预告的系统，或预告实际构建的系统。",
    ),
    "system.reauthorisation": Entry(
        "{system} cannot be registered as reauthorised: {problem}.",
        "{system} 不能按重新授权登记：{problem}。",
        "Register exactly the id and digests that the officers signed.",
        "请严格按责任官员签署的编号和摘要登记。",
    ),
    "system.born_dead": Entry(
        "The system descends from, holds the digest of, or belongs to what order {order} stopped: it is recorded and "
        "will never act.",
        "该系统源自终止令 {order} 所停止的对象、持有其摘要或归属其中：已记录，且永远不能行动。",
        "Nothing revives it; ask the officers about a reauthorisation under a new system id.",
        "无法使其恢复；请与责任官员商议以新的系统编号重新授权。",
    ),
    "system.duty": Entry(
        "Tier {tier} asks at {moment} for what is not there: {duty}.",
        "{tier} 级在 {moment} 环节要求的义务未满足：{duty}。",
        "Fulfil it first. identifier: have each party that answers vouched or proven. licence: state it. digest: give "
        "a sha256 digest, or register as opaque. two-officers, three-officers: enrol people. insurer: name one.",
        "请先履行。identifier：由登记机构担保或用证书证明各责任主体的标识；licence：写明许可证；"
        "digest：给出 sha256 摘要或登记为不透明系统；two-officers、three-officers：登记人员；insurer：指定承保人。",
    ),
    "system.copy_place": Entry(
        "A copy is one process here (pid:<pid>:<start time>) or one remote endpoint (a URL), not both and not neither.",
        "运行副本必须是本机的一个进程（pid:<进程号>:<启动时间>）或一个远程端点（URL），二者择一。",
        "Give one of the two.",
        "请给出其中之一。",
        http=400,
    ),
    "system.copy_ended": Entry(
        "The copy {copy} has ended; a copy that ended never comes back.",
        "运行副本 {copy} 已结束；结束的副本不会恢复。",
        "Start a new copy with a new key.",
        "请用新的密钥启动新的副本。",
        exit=5,
    ),
    "system.transfer": Entry(
        "The transfer does not hold: {problem}.",
        "转让不成立：{problem}。",
        "Let the party that has the role and the party that takes it sign the same transfer.",
        "请由当前承担该角色的主体与接收方签署同一份转让。",
    ),
    "system.no_origin": Entry(
        "This store has no log origin yet, so no statement can be checked.",
        "该存储尚无日志来源，无法核验任何声明。",
        "Run `answerable init` first.",
        "请先运行 `answerable init`。",
        http=503,
        exit=4,
    ),
    "system.damaged": Entry(
        "The registry's rows contradict each other at {row}.",
        "登记数据在 {row} 处自相矛盾。",
        "Do not serve from this store; restore it and rebuild the state from its log.",
        "请勿使用该存储提供服务；请恢复并依据日志重建状态。",
        http=503,
        exit=4,
    ),
}
