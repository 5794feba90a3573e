# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a policy, its folder, its cases or the action asked about: `answerable.policy`,
`answerable.cedar`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "no case in it": "其中没有用例",
    "two cases of one name": "两个用例同名",
    "tool, server, domain and effect are those of a tool call": "tool、server、domain 与 effect 只用于工具调用",
    "a domain of worlds.toml": "worlds.toml 中的领域",
    "an effect (read, write, irreversible)": "影响（read、write、irreversible）",
    "a tool call has {}: not {}, {}": "工具调用须有：{0}；而此处为 {1}、{2}",
    "worlds.toml: not of schema 1, or empty": "worlds.toml：不是 schema 1，或为空",
    "worlds.toml: a domain twice": "worlds.toml：某领域重复出现",
    "its name is not one": "其名称不符合要求",
    "no name or reason in both languages": "缺少双语的名称或理由",
    "an effect that no tool has": "任何工具都没有的影响",
    "what changes more asks for less": "影响更大者要求反而更低",
    "approvals without roles, or roles without approvals": "有审批而无角色，或有角色而无审批",
    "looked up, and no source": "须查询却没有来源",
    "a role that approves nothing": "某角色不审批任何内容",
    "an attestation without its type, or the reverse": "有证书而无类型，或有类型而无证书",
    "a budget without what it counts, or the reverse": "有预算而无计量，或有计量而无预算",
    "calls that cannot wait, and wait for people": "不能等待的调用却要等待人员审批",
    "more than its own ceiling": "超过其自身上限",
    "motion without envelope and guard": "运动缺少预授权与守护程序",
    "a wet laboratory without attestation and two people": "湿实验室缺少证书与两名人员",
    # A folder of Cedar
    "{}: a line that is none": "{0}：某行格式有误",
    "{}: not as {} says": "{0}：与 {1} 所记不符",
    "{}: no part of a policy folder": "{0}：不属于策略目录",
    "no policy in it: that would refuse everything": "其中没有策略：那样会拒绝一切",
    "nested deeper than {}": "嵌套超过 {0} 层",
    "nested deeper than {}, or longer than {} steps": "嵌套超过 {0} 层，或超过 {1} 步",
    "not an array of at most {} entities": "不是最多含 {0} 个实体的数组",
    "{}: entity {}": "{0}：第 {1} 个实体",
    "not {uid, attrs, parents}": "不是 {uid, attrs, parents}",
    "parents is no array": "parents 不是数组",
    "{} is made for each request": "{0} 在每次请求时生成",
    '{}::"{}" stands twice': '{0}::"{1}" 重复出现',
    "of a {} the folder says its groups alone": "对于 {0}，策略目录只说明其所属的组",
    '{}::"{}" is in {}, which is not there': '{0}::"{1}" 属于 {2}，而后者不存在',
    "{}: not as the schema says: {}": "{0}：与 schema 不符：{1}",
    "a uid is {type, id}": "uid 应为 {type, id}",
    '@id("{}") is that of {} too': '@id("{0}") 与 {1} 重复',
    "more than {} policies": "策略超过 {0} 条",
    "a template: nothing here links it": "这是模板：此处没有链接它的内容",
    "not one policy": "不是单条策略",
    "it does not validate": "未通过校验",
    'needs an @id("…") of small letters, digits, dots, dashes and underlines': (
        '须有 @id("…")，由小写字母、数字、点、短横与下划线组成'
    ),
    '{}::"{}" stands in no {}': '{2} 中没有 {0}::"{1}"',
    "never true: {} is no {}": "永不为真：{0} 不是 {1}",
    '@hold("n") is for a forbid, n from 1 to {}': '@hold("n") 用于 forbid，n 为 1 至 {0}',
    '@role("…") is for a forbid with @hold: {}': '@role("…") 用于带 @hold 的 forbid：{0}',
}
