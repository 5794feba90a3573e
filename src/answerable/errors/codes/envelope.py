# SPDX-License-Identifier: Apache-2.0
"""Envelopes that are not issued, and on-site warrants that do not fit theirs."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "envelope.malformed": Entry(
        "This is not a well-formed envelope, or not a warrant under one: {detail}.",
        "这不是格式正确的预授权，或不是其下的许可：{detail}。",
        "Fetch a new envelope from the issuer: `answerable onsite issue`.",
        "请向签发者获取新的预授权：`answerable onsite issue`。",
        http=401,
    ),
    "envelope.forged": Entry(
        "The envelope is not signed by an issuer that is trusted here, or the warrant not by the envelope's key.",
        "预授权并非由此处信任的签发者签署，或许可并非由预授权所列密钥签署。",
        "Fetch envelope and warrant from the issuers that are pinned here.",
        "请从此处固定信任的签发者获取预授权与许可。",
        http=401,
    ),
    "envelope.life": Entry(
        "The envelope lives {life} ms; {allowed} are allowed.",
        "预授权有效期为 {life} 毫秒，最多允许 {allowed} 毫秒。",
        "Ask for a shorter one; plan a longer outage as several envelopes.",
        "请申请更短的预授权；更长的断网请分成多个预授权。",
        http=401,
    ),
    "envelope.narrow": Entry(
        "The on-site warrant reaches beyond its envelope: {what}.",
        "现场签发的许可超出其预授权：{what}。",
        "Ask for what the envelope holds; a wider reach needs a new envelope from the issuer.",
        "请在预授权范围内申请；更大的范围需由签发者另发预授权。",
    ),
    "envelope.expired": Entry(
        "The envelope has ended; nothing is signed or admitted under it.",
        "预授权已到期；不再据此签发或放行。",
        "Reconnect and have a new one issued: `answerable onsite issue`.",
        "请恢复联网并重新签发：`answerable onsite issue`。",
        http=401,
    ),
    "envelope.bound": Entry(
        "Under this envelope a stop may take {bound} ms where no word of the order comes to the site; that was not "
        "agreed to.",
        "在此预授权下，若终止令无法送达现场，终止最长可能需要 {bound} 毫秒；尚未对此表示同意。",
        "Agree to it by naming it: --bound {bound}. Or ask for a shorter life.",
        "请明确写出以示同意：--bound {bound}，或申请更短的有效期。",
        exit=5,
    ),
    "envelope.copies": Entry(
        "An envelope is for running copies of one system: {detail}.",
        "一个预授权只针对同一系统的运行副本：{detail}。",
        "Name one to sixteen running copies of that system.",
        "请列出该系统的 1 至 16 个运行副本。",
    ),
    "envelope.tools": Entry(
        "The envelope asks for tools beyond the scope of its system: {allowed}.",
        "预授权所要求的工具超出其系统的范围：{allowed}。",
        "Name tools within that scope.",
        "请列出该范围内的工具。",
    ),
    "envelope.off": Entry(
        "This service issues no envelopes now.",
        "本服务目前不签发预授权。",
        "Ask the service that holds the issuer's key, once it is up.",
        "请在持有签发密钥的服务就绪后再申请。",
        http=503,
        exit=4,
    ),
}
