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
    "warrant.replayed": Entry(
        "The warrant's sequence number is older than one already seen of this copy.",
        "许可的序号早于该运行副本已使用过的序号。",
        "Use the newest warrant only; start the copy anew if its image was restored.",
        "请仅使用最新的许可；若镜像经过恢复，请重新启动运行副本。",
        http=401,
    ),
}
