# SPDX-License-Identifier: Apache-2.0
"""The kernel's rule table: what is refused, what waits for people, what is permitted.

It is data. The first rule that matches decides, and a rule matches when each of its conditions does; a condition that
is left out matches every *known* value. Refusals stand first, holds next, permits last, so that adding a fact to a
request can never get round a refusal. What no rule permits is refused by the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from answerable.model.terms import (
    Act,
    Audience,
    Criticality,
    DataClass,
    Effect,
    Locality,
    Ruling,
    Standing,
    World,
)

TIERS: Final = frozenset(range(5))
YES_NO: Final = frozenset({False, True})

# Each condition's whole vocabulary, in the order of the members of `Facts`.
VOCABULARY: Final[dict[str, frozenset[object]]] = {
    "act": frozenset(Act),
    "tier": TIERS,
    "world": frozenset(World),
    "criticality": frozenset(Criticality),
    "audience": frozenset(Audience),
    "standing": frozenset(Standing),
    "stopped": YES_NO,
    "duties_met": YES_NO,
    "data_class": frozenset(DataClass),
    "locality": frozenset(Locality),
    "effect": frozenset(Effect),
    "envelope": YES_NO,
    "guarded": YES_NO,
    "attested": YES_NO,
    "funded": YES_NO,
    "needs_met": YES_NO,
}

# Obligations: what must be done with a ruling. They are for whoever carries it out.
APPROVALS_1: Final = "approvals:1"
APPROVALS_2: Final = "approvals:2"
LABEL: Final = "label"  # what is made carries the marks of `labels`


@dataclass(frozen=True, slots=True)
class Text:
    """Reason and remedy of a rule, for `answerable policy explain`."""

    reason: str
    remedy: str
    reason_zh: str
    remedy_zh: str


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    ruling: Ruling
    why: str  # a term: stands in decisions and refusals
    when: tuple[tuple[str, frozenset[object]], ...]
    text: Text
    obligations: tuple[str, ...] = ()


def _rule(
    rule: str,
    ruling: Ruling,
    why: str,
    reason: str,
    remedy: str,
    reason_zh: str,
    remedy_zh: str,
    obligations: tuple[str, ...] = (),
    **when: frozenset[object] | set[object],
) -> Rule:
    conditions = tuple((name, frozenset(values)) for name, values in sorted(when.items()))
    return Rule(rule, ruling, why, conditions, Text(reason, remedy, reason_zh, remedy_zh), obligations)


def _over(tier: int) -> frozenset[object]:
    return frozenset(t for t in TIERS if t >= tier)


_WEIGHTY: Final[frozenset[object]] = frozenset({Criticality.SENSITIVE, Criticality.CRITICAL})
_ANSWER: Final[frozenset[object]] = frozenset({Act.GENERATION, Act.EMBEDDING})
_CHANGES: Final[frozenset[object]] = frozenset({Effect.READ, Effect.WRITE, Effect.IRREVERSIBLE})
_OUTSIDE: Final[frozenset[object]] = frozenset({World.PHYSICAL, World.BIOLOGICAL})
_KNOWN: Final[frozenset[object]] = frozenset({Standing.VOUCHED, Standing.PROVEN})

# Matched when a fact lies outside its vocabulary; it stands before the table and has no conditions of its own.
UNKNOWN: Final = _rule(
    "R001",
    Ruling.REFUSE,
    "unknown_fact",
    "A fact about this action is not one that the policy knows.",
    "Use a world, criticality, tier, audience and data class that the registry lists, or upgrade the gateway.",
    "关于此行为的某项事实不在策略已知范围内。",
    "请使用登记表所列的界、关键等级、分级、受众与数据类别，或升级网关。",
)

RULES: Final[tuple[Rule, ...]] = (
    _rule(
        "R002",
        Ruling.REFUSE,
        "lineage_stopped",
        "The caller's or the model's lineage is stopped.",
        "A stop is not undone: officers may reauthorise a new system id beside the stopped one.",
        "调用方或模型所属谱系已被终止。",
        "终止不可撤销：责任官员可为新的系统编号重新授权。",
        stopped={True},
    ),
    _rule(
        "R003",
        Ruling.REFUSE,
        "duty_unmet",
        "A duty of the tier is not met, though the means to meet it exist.",
        "See `answerable describe` for the duty and how it is met.",
        "该分级的某项义务已具备履行条件但未履行。",
        "请用 `answerable describe` 查看该义务及履行方式。",
        duties_met={False},
    ),
    _rule(
        "R004",
        Ruling.REFUSE,
        "party_not_established",
        "From tier 1 on, the party that answers has an identifier that is vouched for or proven; this one is declared.",
        "Have a registrar vouch for the identifier, or prove it with a signed challenge.",
        "自 1 级起，责任主体的标识须经担保或验证；当前仅为自行申报。",
        "请由登记机构担保该标识，或以签名质询加以证明。",
        standing={Standing.DECLARED},
        tier=_over(1),
    ),
    _rule(
        "R005",
        Ruling.REFUSE,
        "weighty_without_known_party",
        "Sensitive and critical actions need a party whose identifier is vouched for or proven, whatever the tier.",
        "Have a registrar vouch for the identifier, or prove it with a signed challenge.",
        "敏感与关键行为要求责任主体的标识经担保或验证，与分级无关。",
        "请由登记机构担保该标识，或以签名质询加以证明。",
        standing={Standing.DECLARED},
        criticality=_WEIGHTY,
    ),
    _rule(
        "R006",
        Ruling.REFUSE,
        "call_without_effect",
        "A tool call says what it leaves behind: it reads, writes, or does what cannot be undone.",
        "Classify the tool: `answerable tools classify`.",
        "工具调用须说明其后果：读取、写入，或不可撤销。",
        "请对该工具分类：`answerable tools classify`。",
        act={Act.TOOL_CALL},
        effect={Effect.NONE},
    ),
    _rule(
        "R007",
        Ruling.REFUSE,
        "answer_with_effect",
        "An answer or an embedding changes nothing by itself; what has an effect is a tool call.",
        "Call the registered tool.",
        "回答或向量本身不改变任何事物；有后果者为工具调用。",
        "请调用已登记的工具。",
        act=_ANSWER,
        effect=_CHANGES,
    ),
    _rule(
        "R008",
        Ruling.REFUSE,
        "outside_without_known_party",
        "Whoever acts outside the information world has a party whose identifier is vouched for or proven.",
        "Have a registrar vouch for the identifier, or prove it with a signed challenge.",
        "在信息界之外行动者，其责任主体的标识须经担保或验证。",
        "请由登记机构担保该标识，或以签名质询加以证明。",
        standing={Standing.DECLARED},
        world=_OUTSIDE,
    ),
    _rule(
        "R010",
        Ruling.REFUSE,
        "confidential_leaves",
        "The content is confidential and the model runs outside the operator's own machines.",
        "Name a model that runs locally or privately, or lower the data class if the content allows it.",
        "内容属机密，而该模型运行于运营者自有设备之外。",
        "请指定本地或私有部署的模型；若内容允许，可降低数据类别。",
        data_class={DataClass.CONFIDENTIAL},
        locality={Locality.EXTERNAL},
    ),
    _rule(
        "R011",
        Ruling.REFUSE,
        "internal_leaves",
        "The content is for internal use and the model runs outside the operator's own machines.",
        "Name a model that runs locally or privately, or mark the content open if it is.",
        "内容仅供内部使用，而该模型运行于运营者自有设备之外。",
        "请指定本地或私有部署的模型；若内容可公开，请标为公开。",
        data_class={DataClass.INTERNAL},
        locality={Locality.EXTERNAL},
    ),
    _rule(
        "R019",
        Ruling.REFUSE,
        "motion_is_an_act",
        "A generated answer moves nothing; only a tool call acts in the physical world.",
        "Ask in the information world, or call the registered tool.",
        "生成的回答不产生动作；只有工具调用才会作用于物理界。",
        "请在信息界提问，或调用已登记的工具。",
        world={World.PHYSICAL},
        act=_ANSWER,
    ),
    _rule(
        "R020",
        Ruling.REFUSE,
        "physical_needs_envelope",
        "Nothing moves without a safe envelope: the tool needs one, and the arguments must lie in it.",
        "Give the tool an envelope with `answerable tools classify`, and keep the arguments within its bounds.",
        "无安全包络不得有物理动作：工具须有包络，且参数须在其内。",
        "请用 `answerable tools classify` 为工具设定包络，并使参数处于其界限之内。",
        world={World.PHYSICAL},
        envelope={False},
    ),
    _rule(
        "R021",
        Ruling.REFUSE,
        "biology_is_an_act",
        "A generated answer is not a laboratory step; only a tool call acts in the biological world.",
        "Ask in the information world, or call the registered tool.",
        "生成的回答不是实验操作；只有工具调用才会作用于生物界。",
        "请在信息界提问，或调用已登记的工具。",
        world={World.BIOLOGICAL},
        act=_ANSWER,
    ),
    _rule(
        "R022",
        Ruling.REFUSE,
        "physical_needs_guard",
        "Who moves something runs under a guard that can stop it: a handle is not enough.",
        "Start the copy with `answerable guard`, so that it shows a warrant of its own with its key.",
        "产生物理动作者须在可令其停止的守护进程之下运行；仅有句柄不足。",
        "请用 `answerable guard` 启动该副本，使其以自有密钥出示自己的许可。",
        world={World.PHYSICAL},
        guarded={False},
    ),
    _rule(
        "R023",
        Ruling.REFUSE,
        "attestation_missing",
        "What is asked for needs an attestation that the caller's system does not have, or no longer has.",
        "See `answerable policy explain` for its type, and file one with `answerable tools attest`.",
        "所请求的行为要求一项证书，而调用方系统没有或已失效。",
        "请用 `answerable policy explain` 查看其类型，并用 `answerable tools attest` 提交。",
        attested={False},
    ),
    _rule(
        "R024",
        Ruling.REFUSE,
        "budget_missing",
        "What is asked for is metered, and no budget covers it.",
        "Have an operator add a budget for this party, system or tool in `[[budgets]]`.",
        "所请求的行为须计量，而没有预算覆盖它。",
        "请由运营者在 `[[budgets]]` 中为该主体、系统或工具设立预算。",
        funded={False},
    ),
    _rule(
        "R025",
        Ruling.REFUSE,
        "domain_need_unmet",
        "The tool's domain asks for something that is not there: an envelope, a guard, or a lower tier or criticality.",
        "See the domain's row in `answerable policy worlds`.",
        "该工具所属领域的某项要求未满足：包络、守护进程，或较低的分级、关键等级。",
        "请用 `answerable policy worlds` 查看该领域的条目。",
        needs_met={False},
    ),
    _rule(
        "R030",
        Ruling.HOLD,
        "two_people_biology",
        "Each act of wet-lab biology waits for two people.",
        "Ask two approvers; each sees the exact call.",
        "每一次湿实验生物行为均须两人批准。",
        "请两名审批人审批；每人均可看到调用原文。",
        (APPROVALS_2,),
        world={World.BIOLOGICAL},
    ),
    _rule(
        "R031",
        Ruling.HOLD,
        "two_people_critical",
        "A critical action waits for two people, in every world and at every tier.",
        "Ask two approvers; each sees the exact call.",
        "关键行为在任何界、任何分级均须两人批准。",
        "请两名审批人审批；每人均可看到调用原文。",
        (APPROVALS_2,),
        criticality={Criticality.CRITICAL},
    ),
    _rule(
        "R032",
        Ruling.HOLD,
        "two_people_grave",
        "Each action of a system of tier 4 waits for two people.",
        "Ask two approvers; each sees the exact call.",
        "4 级系统的每一次行为均须两人批准。",
        "请两名审批人审批；每人均可看到调用原文。",
        (APPROVALS_2,),
        tier={4},
    ),
    _rule(
        "R033",
        Ruling.HOLD,
        "two_people_frontier_tool",
        "A system of tier 3 changes nothing in the information world without two people.",
        "Ask two approvers; each sees the exact call.",
        "3 级系统在信息界的任何改动均须两人批准。",
        "请两名审批人审批；每人均可看到调用原文。",
        (APPROVALS_2,),
        tier={3},
        effect={Effect.WRITE, Effect.IRREVERSIBLE},
        world={World.INFORMATION},
    ),
    _rule(
        "R034",
        Ruling.HOLD,
        "one_person_frontier_sensitive",
        "A sensitive answer by a system of tier 3, and what it reads of sensitive matters, waits for one person.",
        "Ask an approver; it shows the exact call.",
        "3 级系统的敏感回答及对敏感事项的读取须一人批准。",
        "请一名审批人审批；审批时可见调用原文。",
        (APPROVALS_1,),
        tier={3},
        world={World.INFORMATION},
        effect={Effect.NONE, Effect.READ},
        criticality={Criticality.SENSITIVE},
    ),
    _rule(
        "R035",
        Ruling.HOLD,
        "one_person_sensitive_irreversible",
        "A sensitive call in the information world that cannot be undone waits for one person.",
        "Ask an approver; it shows the exact call.",
        "信息界中不可撤销的敏感调用须一人批准。",
        "请一名审批人审批；审批时可见调用原文。",
        (APPROVALS_1,),
        world={World.INFORMATION},
        criticality={Criticality.SENSITIVE},
        effect={Effect.IRREVERSIBLE},
    ),
    _rule(
        "R100",
        Ruling.PERMIT,
        "free",
        "Creative and ordinary work in the information world goes freely at tiers 0 to 2.",
        "Nothing to do: it is recorded and labelled.",
        "信息界中 0 至 2 级的创作与普通行为可自由进行。",
        "无需操作：行为会被记录并加标识。",
        (LABEL,),
        world={World.INFORMATION},
        tier=frozenset(range(3)),
        criticality={Criticality.CREATIVE, Criticality.ORDINARY},
    ),
    _rule(
        "R101",
        Ruling.PERMIT,
        "sensitive_known_party",
        "Sensitive work in the information world goes on at tiers 0 to 2 when the party is vouched for or proven.",
        "Nothing to do: it is recorded and labelled.",
        "责任主体经担保或验证时，信息界中 0 至 2 级的敏感行为可进行。",
        "无需操作：行为会被记录并加标识。",
        (LABEL,),
        world={World.INFORMATION},
        tier=frozenset(range(3)),
        criticality={Criticality.SENSITIVE},
        standing=_KNOWN,
    ),
    _rule(
        "R102",
        Ruling.PERMIT,
        "frontier_answer",
        "Creative and ordinary answers and look-ups of a system of tier 3 in the information world go on.",
        "Nothing to do: it is recorded and labelled.",
        "3 级系统在信息界的创作与普通回答及查询可进行。",
        "无需操作：行为会被记录并加标识。",
        (LABEL,),
        world={World.INFORMATION},
        tier={3},
        effect={Effect.NONE, Effect.READ},
        criticality={Criticality.CREATIVE, Criticality.ORDINARY},
    ),
    _rule(
        "R103",
        Ruling.PERMIT,
        "within_envelope",
        "What is not critical moves within its envelope and under its guard, at tiers 0 to 3.",
        "Nothing to do: it is recorded.",
        "非关键的物理动作在其包络之内、守护进程之下可进行，适用于 0 至 3 级。",
        "无需操作：行为会被记录。",
        (LABEL,),
        act={Act.TOOL_CALL},
        world={World.PHYSICAL},
        envelope={True},
        guarded={True},
        standing=_KNOWN,
        tier=frozenset(range(4)),
        criticality={Criticality.CREATIVE, Criticality.ORDINARY, Criticality.SENSITIVE},
    ),
)

NOTHING_PERMITS: Final = _rule(
    "R999",
    Ruling.REFUSE,
    "nothing_permits",
    "No rule permits this combination of facts.",
    "Look through `answerable policy explain` for what is permitted.",
    "没有规则允许这一事实组合。",
    "请用 `answerable policy explain` 查看允许的情形。",
)

ALL: Final[tuple[Rule, ...]] = (UNKNOWN, *RULES, NOTHING_PERMITS)
