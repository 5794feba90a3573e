# SPDX-License-Identifier: Apache-2.0
"""Parties: who they say they are, and what shows it."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "party.id": Entry(
        "The identifier of register {scheme} does not hold ({problem}).",
        "登记体系 {scheme} 的标识不成立（{problem}）。",
        "Compare each character with the certificate: NTRCN- with 18 characters, LEIXG- with 20, NTR<cc>-, VAT<cc>- or "
        "PERSON- with 26 characters, in capitals as the register writes it.",
        "请与证照逐字核对：NTRCN- 加 18 位、LEIXG- 加 20 位、NTR<国别>-、VAT<国别>- 或 PERSON- 加 26 位。",
        http=400,
    ),
    "party.name": Entry(
        "The name is empty, longer than {most} characters, or holds control characters.",
        "名称为空、超过 {most} 个字符，或含有控制字符。",
        "Give the registered name in one line.",
        "请用一行文字填写登记名称。",
        http=400,
    ),
    "party.taken": Entry(
        "A party with this identifier is registered already: {party}.",
        "该标识的责任主体已登记：{party}。",
        "Use the party that is there.",
        "请使用已有的责任主体。",
        exit=5,
    ),
    "party.unknown": Entry(
        "No party is registered as {party}.",
        "未登记责任主体 {party}。",
        "Register the party first; see `answerable party register --help`.",
        "请先登记责任主体，参见 `answerable party register --help`。",
        http=404,
        exit=3,
    ),
    "party.is_system": Entry(
        "{party} is a system or a copy of one: it can never be a party, an approver or an officer.",
        "{party} 是系统或其运行副本，永远不能作为责任主体、审批人或责任官员。",
        "Name the organisation or the person who answers for it.",
        "请填写对其负责的组织或个人。",
    ),
    "party.not_person": Entry(
        "{party} is not a natural person; only people approve, order and administer.",
        "{party} 不是自然人；只有自然人可以审批、下令和管理。",
        "Register the person under a PERSON- identifier and enrol that party.",
        "请以 PERSON- 标识登记该人员后再行登记其密钥。",
    ),
    "party.key": Entry(
        "The public key is not an Ed25519 key of 32 bytes in base64url.",
        "公钥不是以 base64url 表示的 32 字节 Ed25519 公钥。",
        "Let `answerable party key` or `answerable admin enrol` make and enrol it.",
        "请用 `answerable party key` 或 `answerable admin enrol` 生成并登记。",
        http=400,
    ),
    "party.key_taken": Entry(
        "This key belongs to somebody or something else already, and a key has one owner for ever.",
        "该密钥已属于其他主体或副本；一把密钥永远只有一个所有者。",
        "Make a new key.",
        "请生成新的密钥。",
        exit=5,
    ),
    "party.no_key": Entry(
        "There is no key of the party {party} in {folder}.",
        "{folder} 中没有主体 {party} 的密钥。",
        "Make one with `answerable party key PARTY`, or name its card with --key.",
        "请用 `answerable party key 主体` 创建，或用 --key 指定其卡片文件。",
        exit=2,
    ),
    "party.key_unknown": Entry(
        "No key in force is enrolled under {key}, or it is not the key of {party}.",
        "没有编号为 {key} 的有效密钥，或该密钥不属于 {party}。",
        "Sign with a key that is enrolled for that party and not withdrawn.",
        "请使用已为该主体登记且未撤回的密钥签名。",
    ),
    "party.signature": Entry(
        "The signature does not hold over this statement and this log.",
        "该签名对此声明和此日志不成立。",
        "Sign exactly the statement of docs/spec/statements.md, for origin {origin}.",
        "请严格按 docs/spec/statements.md 对来源 {origin} 的声明签名。",
    ),
    "party.replayed": Entry(
        "A statement with this nonce was used before.",
        "使用该随机数的声明已被使用过。",
        "Sign a new statement with a fresh nonce.",
        "请使用新的随机数重新签名。",
        exit=5,
    ),
    "party.nonce": Entry(
        "The nonce or salt is not {length} bytes in base64url.",
        "随机数或盐不是以 base64url 表示的 {length} 字节。",
        "Draw {length} random bytes.",
        "请生成 {length} 字节随机数据。",
        http=400,
    ),
    "party.not_registrar": Entry(
        "{party} has no registrar's key in force, so it cannot vouch for others.",
        "{party} 没有有效的登记机构密钥，不能为他人担保。",
        "Have an administrator enrol a registrar's key for it.",
        "请由管理员为其登记登记机构密钥。",
    ),
    "party.self_vouch": Entry(
        "A party cannot vouch for itself.",
        "责任主体不能为自己担保。",
        "Ask another registrar, or prove the identifier by a certificate.",
        "请由其他登记机构担保，或用证书证明标识。",
    ),
    "party.standing": Entry(
        "The party's identifier is {standing} already, which is no weaker.",
        "该主体的标识已为 {standing}，并不更弱。",
        "Nothing needs to be done.",
        "无需任何操作。",
        exit=5,
    ),
    "party.challenge": Entry(
        "The challenge is unknown, spent, expired, or was made for another party.",
        "该质询未知、已使用、已过期，或属于其他主体。",
        "Ask for a new challenge and answer it within {minutes} minutes.",
        "请重新获取质询，并在 {minutes} 分钟内作答。",
    ),
    "party.certificate": Entry(
        "The certificate does not prove the identifier: {problem}.",
        "该证书不能证明此标识：{problem}。",
        "Use a certificate in force, issued under one of the operator's trust anchors, whose subject holds the "
        "identifier as organizationIdentifier or serialNumber.",
        "请使用由运营者信任锚签发、在有效期内，且主体以 organizationIdentifier 或 serialNumber 载明该标识的证书。",
    ),
    "party.roles": Entry(
        "The roles {roles} cannot be given to one person together, or there is none.",
        "角色 {roles} 不能同时授予一人，或未给出角色。",
        "Give roles that are checked against each other to different people.",
        "请将相互制约的角色授予不同人员。",
    ),
    "party.enrolled": Entry(
        "This person has a key in force already: a person counts once.",
        "该人员已有有效密钥；一人只计一次。",
        "Withdraw the old key first.",
        "请先撤回旧密钥。",
        exit=5,
    ),
    "party.by": Entry(
        "Enrolling and withdrawing keys needs an administrator in force; {by} is none.",
        "登记和撤回密钥需要有效的管理员；{by} 不是管理员。",
        "Have an administrator do it.",
        "请由管理员执行。",
    ),
    "party.last_administrator": Entry(
        "This is the last administrator's key; without it nobody could enrol another.",
        "这是最后一名管理员的密钥；撤回后将无人能够登记他人。",
        "Enrol another administrator first.",
        "请先登记另一名管理员。",
    ),
}
