# SPDX-License-Identifier: Apache-2.0
"""Officers, their roster and its root keys, owners, and what waits for people."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "officer.malformed": Entry(
        "This is not a well-formed roster of officers: {detail}.",
        "责任官员名册格式不正确：{detail}。",
        "Make it with `answerable officers init-root` or `rotate`.",
        "请用 `answerable officers init-root` 或 `rotate` 生成。",
        exit=2,
    ),
    "officer.sequence": Entry(
        "This roster has number {seq}; the next one has number {expected}.",
        "该名册编号为 {seq}，而下一份应为 {expected}。",
        "Rotate from the roster that stands: `answerable officers ls`.",
        "请以现行名册为基础轮换：`answerable officers ls`。",
        exit=5,
    ),
    "officer.signature": Entry(
        "The signature under key {key} does not hold over this roster, or the key is none that signs it.",
        "密钥 {key} 对该名册的签名不成立，或该密钥无权签署。",
        "Sign exactly this file, for this log's origin, with a root key.",
        "请使用根密钥，对本日志来源下的该文件原文签名。",
    ),
    "officer.quorum": Entry(
        "This roster needs {need} root keys; {have} signed.",
        "该名册需要 {need} 把根密钥签署，目前仅有 {have} 把。",
        "Have the keepers of other root keys sign the file: `answerable officers sign`.",
        "请其他根密钥保管人签署该文件：`answerable officers sign`。",
    ),
    "officer.consent": Entry(
        "Authority {name} leaves the roster or changes its keys, and did not sign that.",
        "监管机构 {name} 将退出名册或更换密钥，但未签署同意。",
        "Have that authority sign the roster, or keep its entry as it was.",
        "请由该机构签署名册，或保留其原有条目。",
    ),
    "officer.unknown": Entry(
        "Officer {key} of the roster is not enrolled here as it says: {problem}.",
        "名册中的责任官员 {key} 在此的登记与其不符：{problem}。",
        "Enrol the person first: `answerable admin add`, then make the roster from what is enrolled.",
        "请先登记该人员：`answerable admin add`，再据此生成名册。",
    ),
    "officer.not_listed": Entry(
        "Key {key} is an officer's, but not on the roster that the root keys signed.",
        "密钥 {key} 属于责任官员，但不在根密钥签署的名册上。",
        "Have an officer of the roster sign, or rotate the roster: `answerable officers rotate`.",
        "请由名册上的官员签署，或轮换名册：`answerable officers rotate`。",
    ),
    "officer.none": Entry(
        "There is no roster: officers are those whom administrators enrolled.",
        "尚无名册：责任官员即管理员所登记者。",
        "Make one with root keys: `answerable officers init-root`.",
        "请用根密钥生成名册：`answerable officers init-root`。",
        exit=3,
    ),
    "officer.owners": Entry(
        "The owners of this system order with {need} shares; those who signed hold {have}.",
        "该系统的所有者须合计 {need} 份方可下令，签署者仅持有 {have} 份。",
        "Have other owners sign the same statement.",
        "请其他所有者签署同一声明。",
    ),
    "officer.owners_scope": Entry(
        "Owners order about one copy or one system of their own, not about a {scope}.",
        "所有者仅可对其自有的单个系统或副本下令，不可针对 {scope}。",
        "Use --scope system or copy; what others derived is for officers and authorities.",
        "请使用 --scope system 或 copy；他人的衍生系统由责任官员或监管机构处置。",
    ),
    "officer.authority": Entry(
        "Authority {name} signed this order; it ends with that authority's signature only.",
        "该命令由监管机构 {name} 签署，仅可由该机构签署解除。",
        "Ask the authority for a signed release.",
        "请向该机构索取经签署的解除声明。",
    ),
    "officer.staged": Entry(
        "A staged plan terminates from {at} on; until then everything reached stays suspended.",
        "分阶段计划自 {at} 起方可终止；此前所涉对象保持暂停。",
        "Wait until then, or have a third officer sign.",
        "请等待至该时刻，或由第三名官员签署。",
        exit=5,
    ),
    "officer.waiting": Entry(
        "A suspension waits for its second officer.",
        "一项暂停命令正等待第二名责任官员。",
        "See `answerable officers waiting`; complete it, or have two officers release it.",
        "请查看 `answerable officers waiting`；由第二人完成，或由两人解除。",
        http=503,
    ),
}
