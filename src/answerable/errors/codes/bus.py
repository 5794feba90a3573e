# SPDX-License-Identifier: Apache-2.0
"""The bus between processes of one registry."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "bus.address": Entry(
        "{url} is not the address of a bus: {detail}.",
        "{url} 不是有效的消息总线地址：{detail}。",
        "Use memory:, postgresql://role@host/database or nats://host:4222, without a password in it.",
        "请使用 memory:、postgresql://角色@主机/数据库 或 nats://主机:4222，且地址中不含口令。",
        exit=2,
    ),
    "bus.library": Entry(
        "The bus {url} needs the package {package}, which is not installed.",
        "消息总线 {url} 需要尚未安装的软件包 {package}。",
        "Install it, or use another bus.",
        "请安装该软件包，或使用其他消息总线。",
        exit=4,
    ),
    "bus.topic": Entry(
        "A topic of the bus is made of lower-case words with dots between them.",
        "总线主题须由小写单词以点号连接而成。",
        "This is a defect of the caller: report it.",
        "这是调用方的缺陷，请予报告。",
        exit=2,
    ),
    "bus.unreachable": Entry(
        "The bus {bus} cannot be reached.",
        "无法连接消息总线 {bus}。",
        "Nothing is lost: holders pull, and warrants end by themselves. Bring its server back.",
        "不会丢失信息：持有者会自行拉取，许可也会自行到期。请恢复其服务器。",
        http=503,
        exit=4,
    ),
}
