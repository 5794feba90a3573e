# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a device's words, wires or settings: `answerable.machines`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "the station did not start": "工位未启动",
    "longer than 64 KiB": "超过 64 KiB",
    "line {} is too long": "第 {0} 行过长",
    "line {} does not follow the one before": "第 {0} 行与前一行不衔接",
    "neither an order nor a pulse": "既不是终止令，也不是脉冲",
    "a lease without a warrant": "租约没有许可",
    "a command that is none": "命令无效",
    "a hand that does nothing known": "人工接管的动作未知",
    "a watchdog takes 100 to 500 ms": "看门狗应为 100 至 500 毫秒",
    "paho-mqtt is not installed": "未安装 paho-mqtt",
    "eclipse-zenoh is not installed": "未安装 eclipse-zenoh",
    "the broker took no subscription": "消息代理未接受订阅",
    "a body over 1 MiB": "正文超过 1 MiB",
    "no such path": "没有该路径",
    "a refusal that this version does not know": "本版本不识别的拒绝",
    "a key that is not base64url: {}": "密钥不是 base64url：{0}",
    "an address that is neither zenoh:tcp/HOST:PORT nor mqtt:HOST:PORT": (
        "地址既不是 zenoh:tcp/主机:端口，也不是 mqtt:主机:端口"
    ),
}
