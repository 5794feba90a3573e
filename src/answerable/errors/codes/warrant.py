# SPDX-License-Identifier: Apache-2.0
"""Warrants that do not admit."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "warrant.missing": Entry(
        "The call carries no credential.",
        "该调用未携带任何凭证。",
        "Send `Authorization: Bearer` with a handle (ans_...) or a warrant.",
        "请在 `Authorization: Bearer` 中携带句柄（ans_…）或许可。",
        http=401,
    ),
    "warrant.malformed": Entry(
        "The credential is not a well-formed warrant: {detail}.",
        "凭证不是格式正确的许可：{detail}。",
        "Fetch a new warrant from the issuer of this gateway.",
        "请向本网关的签发者获取新的许可。",
        http=401,
    ),
    "warrant.forged": Entry(
        "The warrant's signature is not by an issuer that this gateway trusts.",
        "许可的签名并非来自本网关信任的签发者。",
        "Fetch a warrant from the issuer of this gateway.",
        "请向本网关的签发者获取许可。",
        http=401,
    ),
    "warrant.expired": Entry(
        "The warrant has expired.",
        "许可已过期。",
        "Renew it; a copy that cannot renew must stop acting.",
        "请续期；无法续期的运行副本必须停止行为。",
        http=401,
    ),
    "warrant.not_yet": Entry(
        "The warrant says it was issued in the future by this gateway's clock.",
        "按本网关时钟，许可的签发时间在未来。",
        "Bring the clocks of issuer and gateway together.",
        "请校准签发者与网关的时钟。",
        http=401,
    ),
    "warrant.audience": Entry(
        "The warrant was issued for another audience than this gateway.",
        "许可的受众不是本网关。",
        "Fetch a warrant whose audience is {audience}.",
        "请获取受众为 {audience} 的许可。",
        http=401,
    ),
    "warrant.world": Entry(
        "The warrant does not reach into the {world} world.",
        "许可的范围不包含该界（{world}）。",
        "Register the copy's system for that world, with the duties that it brings.",
        "请为该系统登记此界，并履行相应义务。",
    ),
    "warrant.criticality": Entry(
        "The warrant admits actions up to {allowed}; this one is {asked}.",
        "许可最高允许 {allowed} 级行为，此行为为 {asked} 级。",
        "Ask for a warrant that admits this criticality.",
        "请申请允许该关键等级的许可。",
    ),
    "warrant.tool": Entry(
        "The warrant does not reach the tool {tool}.",
        "许可的范围不包含工具 {tool}。",
        "Call a tool within the scope that the caller's system is registered with, or register a system for it.",
        "请调用调用方系统登记范围内的工具，或为此另行登记系统。",
    ),
    "warrant.replayed": Entry(
        "The warrant's sequence number is older than one already seen of this copy.",
        "许可的序号早于该运行副本已使用过的序号。",
        "Use the newest warrant only; start the copy anew if its image was restored.",
        "请仅使用最新的许可；若镜像经过恢复，请重新启动运行副本。",
        http=401,
    ),
    "warrant.life": Entry(
        "The warrant lives {life} ms; class {row} allows {allowed}.",
        "许可有效期为 {life} 毫秒，而类别 {row} 最多允许 {allowed} 毫秒。",
        "Have the issuer give it the life of its class.",
        "请由签发者按其类别设定有效期。",
        http=401,
    ),
    "warrant.unregistered": Entry(
        "The copy, system or party that the warrant names is not registered here, or differs from its registration.",
        "许可所指的运行副本、系统或责任主体未在此登记，或与登记不符。",
        "Register it first: `answerable register`, then start a copy.",
        "请先登记：`answerable register`，然后启动运行副本。",
    ),
    "warrant.copy_ended": Entry(
        "Copy {copy} has ended.",
        "运行副本 {copy} 已结束。",
        "Start a new copy; an ended one never acts again.",
        "请启动新的运行副本；已结束的副本不得再行为。",
    ),
    "warrant.duty": Entry(
        "Duties of tier {tier} are not met: {duties}.",
        "{tier} 级义务未履行：{duties}。",
        "Meet them; `answerable describe` says how. Warrants are not issued or renewed until then.",
        "请履行相应义务（见 `answerable describe`）；在此之前不签发、不续期许可。",
    ),
    "warrant.clone": Entry(
        "Another boot of this copy holds a live warrant: one key, two copies.",
        "该运行副本的另一次启动仍持有有效许可：同一密钥出现两个副本。",
        "End one of them. A restarted copy waits until the old warrant ends, or is started as a new copy.",
        "请结束其中之一。重启的副本须等待旧许可到期，或作为新副本启动。",
    ),
    "warrant.boot_unknown": Entry(
        "This issuer has granted nothing to this boot of the copy.",
        "签发者未向该副本的此次启动授予过许可。",
        "Ask for a first grant with a fresh nonce and sequence number 1.",
        "请以新的随机数和序号 1 申请首次许可。",
    ),
    "warrant.proof": Entry(
        "The request for a warrant is not signed by the copy's own key, or not made now for this issuer.",
        "许可申请并非由该副本自己的密钥签署，或并非在当前时间向本签发者提出。",
        "Sign the request with the copy's key, with the present time and this issuer's name.",
        "请使用副本的密钥签署申请，并填写当前时间与本签发者名称。",
    ),
    "warrant.ancestors": Entry(
        "The system descends from {count} systems; a warrant can name {limit}.",
        "该系统有 {count} 个上游系统；一份许可最多可列 {limit} 个。",
        "Register it as derived from fewer systems, or ask the registry's operator.",
        "请减少其上游系统数量，或联系登记运营者。",
    ),
    "warrant.certificate": Entry(
        "This warrant came over a connection that does not prove its key, or proves another one.",
        "该许可所经的连接未能证明其密钥，或证明的是另一把密钥。",
        "Call through the guard that holds the copy's key; it shows the key's certificate with each connection.",
        "请通过持有该副本密钥的守护程序调用；它在每次连接时出示该密钥的证书。",
    ),
    "warrant.unrecorded": Entry(
        "Renewals could not be recorded for {seconds} s, so no more are signed.",
        "续期已有 {seconds} 秒无法记录，因此不再签发。",
        "See that the log can be written; renewals go on by themselves then.",
        "请确认日志可写入；恢复后续期将自动继续。",
        http=503,
        exit=4,
    ),
    "warrant.contended": Entry(
        "The stop set changed each time this warrant was about to be written.",
        "每次写入该许可时，终止集均发生了变更。",
        "Ask again in a moment.",
        "请稍后重试。",
        http=503,
        exit=4,
    ),
}
