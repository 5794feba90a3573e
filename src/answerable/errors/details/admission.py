# SPDX-License-Identifier: Apache-2.0
"""What is wrong with what admits an action or stops one: `answerable.admission`, `answerable.warrants`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    # Claims
    "authorization_details that are not one of its kind": "authorization_details 不是恰好一项该类型的内容",
    "a cnf that is not an Ed25519 key": "cnf 不是 Ed25519 密钥",
    "seconds and milliseconds that disagree": "秒与毫秒不一致",
    "an identifier that is empty, too long or not printable ASCII": "标识符为空、过长或不是可打印 ASCII",
    "a number outside 0 to 2^53 - 1": "数字不在 0 至 2^53 - 1 之间",
    "anc that is not 1 to {} rising numbers": "anc 不是 1 至 {0} 个递增的数字",
    "worlds that are none or repeated": "worlds 为空或重复",
    "a member that is missing or unknown": "有字段缺失或未知",
    "no kid": "没有 kid",
    "no iat_ms or jti": "没有 iat_ms 或 jti",
    "its {} is of another request": "其 {0} 属于另一请求",
    "it was made too long ago, or the clocks differ": "生成时间过早，或双方时钟不一致",
    # Clocks
    "its state was never read": "其状态从未读取",
    "its state was last read {} ms ago": "其状态上次读取是在 {0} 毫秒前",
    "the kernel says STA_UNSYNC": "内核报告 STA_UNSYNC",
    "it may be off by {} ms": "误差可能达 {0} 毫秒",
    "a bound has no negative term, and drift stays below 100 %": "时限的各项不得为负，漂移须低于 100 %",
    # Envelopes
    "audiences that are none, repeated or too many": "受众为空、重复或过多",
    "copies that are none, repeated or too many": "运行副本为空、重复或过多",
    "a copy that is not of its system": "某运行副本不属于其系统",
    "a key that is not Ed25519": "密钥不是 Ed25519",
    "an on-site key that is a copy's own": "现场密钥是某运行副本自己的密钥",
    "a tier or tools outside their bounds": "分级或工具超出其范围",
    "an end before its beginning": "结束早于开始",
    "the physical world without limits of motion": "物理界未设运动限制",
    "an area of no zones, or too many zones": "区域为空，或分区过多",
    "a zone that ends before it begins": "某分区的终点在起点之前",
    "a zone beyond the earth": "某分区超出地球范围",
    "a frame without a name": "坐标系没有名称",
    "a highest speed outside its bounds": "最高速度超出其范围",
    "an envelope of another form": "预授权的形式不同",
    "{} were named": "指定了 {0} 个",
    "they are of several systems": "它们属于多个系统",
    "no tool": "没有工具",
    "a warrant that was not asked for": "未曾请求的许可",
    # Orders, releases, pulses
    "it carries an order that cannot be read: {}": "其中携带的某份终止令无法读取：{0}",
    "no message at all": "根本不是消息",
    "an origin that is not printable": "来源不可打印",
    "a leaf that is no order": "叶子不是终止令",
    "a signature that can be none": "签名不可能有效",
    "a release of another order": "解除令针对另一份终止令",
    "a release that nobody can have signed": "解除令不可能由任何人签署",
    "a subject that is not the order's root": "对象不是该终止令的根系统",
    "an end that is not the order's": "期限与终止令的不符",
    "a release without its number, or before its order": "解除令没有序号，或序号早于其终止令",
    "an order that nobody can have signed": "终止令不可能由任何人签署",
    "a signature without a key, or a key without its signature": "有签名而无密钥，或有密钥而无签名",
    "a leaf that cannot be read": "叶子无法读取",
    "no number, though the issuer knows it": "没有序号，而签发者知道该序号",
    "no pulse at all": "根本不是脉冲",
    "a name that is not printable": "名称不可打印",
    # Receipts and reports
    "another form or version": "形式或版本不同",
    "an order or a holder that is no record id": "终止令或持有者不是记录编号",
    "a holder that is not known": "持有者未知",
    "a signature that is not the holder's": "签名不是该持有者的",
    "a salt or a nonce of another length": "盐或随机数的长度不符",
    "members that this version does not know": "有本版本不识别的字段",
    "what it is about, or who tells it, is no record id": "所涉对象或报告者不是记录编号",
    "facts that are not canonical, or of another kind": "事实不是规范编码，或类型不符",
    "facts, salt, nonce or commitment": "事实、盐、随机数或承诺有误",
}
