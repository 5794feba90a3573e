# SPDX-License-Identifier: Apache-2.0
"""What is wrong with what is said of a tool or of a call that waits for people: `answerable.tools`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    # Attestations
    "it is about no system": "未涉及任何系统",
    "it has ended, or would never end": "已到期，或没有到期时间",
    "a subject without a SHA-256": "某 subject 没有 SHA-256",
    "no good signature by a party that counts": "没有被采信主体的有效签名",
    "not an in-toto statement": "不是 in-toto 声明",
    "no predicate type": "没有 predicateType",
    "no subject": "没有 subject",
    "an expiry that is no time": "到期时间无效",
    "it is not about this definition": "不是针对该定义的",
    "it is not about this system": "不是针对该系统的",
    # Classes and bounds
    "money without a currency": "金额没有币种",
    "a currency that is not of ISO 4217": "币种不属于 ISO 4217",
    "a meter without an amount": "计量没有数值",
    "a tool has an effect: read, write or irreversible": "工具须有影响：read、write 或 irreversible",
    "calls in {} never wait for people": "{0} 领域的调用从不等待人员审批",
    "too critical for {}: nobody may call it": "关键等级对 {0} 领域过高：任何人都不得调用",
    "nothing in {} is called above tier {}": "{0} 领域中不得有高于 {1} 级的调用",
    "its undo and its dry run are other tools": "其撤销与试运行须为其他工具",
    "more than {} meters": "计量超过 {0} 项",
    "a predicate type that is no URI": "predicateType 不是 URI",
    "more than {} bounds": "限制超过 {0} 条",
    "not a plain decimal": "不是普通十进制数",
    "nothing lies between": "区间为空",
    "a list of texts and a range": "同时给出了文本列表与区间",
    "bounded twice": "重复限制",
    "a class that says nothing": "类别没有任何内容",
    "it is about a tool that nobody imported": "涉及无人导入的工具",
    "not a word about a tool": "不是关于工具的声明",
    # Definitions and calls
    "not an exact call": "不是调用原文",
    "arguments that are not a JSON object": "参数不是 JSON 对象",
    "arguments that are not JSON": "参数不是 JSON",
    "arguments that are not canonical JSON": "参数不是规范 JSON",
    "an input schema that is not an object's": "输入 schema 不是对象的 schema",
    "characters that nobody sees": "含有不可见字符",
    "a number that no double holds": "数字超出双精度浮点数的表示范围",
    # Holds
    "a hold that was planted itself": "该审批项本身即为测试审批项",
    "the arguments of the real one": "与真实审批项的参数相同",
    "no reason, or one of more than {} characters": "没有理由，或理由超过 {0} 个字符",
    "a reason that is not the one that was signed": "理由与已签名的不符",
    "a reason that is not 1 to {} printable characters": "理由不是 1 至 {0} 个可打印字符",
    "one person signs": "须由一人签名",
    "no known verdict, or an extension that this version does not know": "结论未知，或有本版本不识别的扩展",
    "an escalation that does not say to whom": "升级未说明对象",
    "not 1 to {} people, or roles that are not sorted": "人数不是 1 至 {0}，或角色未排序",
    "neither approve, modify, reject nor escalate": "不是批准、修改、拒绝或升级",
    "another policy or another end than the hold's": "策略或期限与该审批项的不同",
    "extensions that do not belong to it, or are missing": "扩展有多余或缺失",
    "the call was changed since, or is another one": "调用此后已改动，或为另一调用",
    "not 1 to {} signatures": "签名数不是 1 至 {0}",
    "other arguments go with a modification, and with nothing else": "只有修改才附带其他参数，且必须附带",
    "more than the arguments was changed": "所改动的不只是参数",
    "nothing was changed": "没有任何改动",
    "other arguments than those that were signed": "参数与已签名的不同",
    # Rates
    "{} in {} s ({})": "{1} 秒内 {0} 次（{2}）",
}
