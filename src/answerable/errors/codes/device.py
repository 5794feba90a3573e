# SPDX-License-Identifier: Apache-2.0
"""Machines that move: what a device refuses, and what cannot be reached."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "device.malformed": Entry(
        "This is not a message of a device or to one: {detail}.",
        "这不是设备消息：{detail}。",
        "Use `answerable device`, or the form in docs/spec/device.md.",
        "请使用 `answerable device`，或 docs/spec/device.md 规定的格式。",
        http=400,
    ),
    "device.forged": Entry(
        "The message is not signed by who it says it is from.",
        "该消息并非由其声称的发送者签署。",
        "Sign with the key of the copy whose warrant is shown, or of a person who is pinned at the device.",
        "请使用所示许可对应副本的密钥，或设备上固定信任的人员密钥签署。",
        http=401,
    ),
    "device.stale": Entry(
        "The message is older than what the device has seen, or its sender has not heard the device lately.",
        "该消息早于设备已见消息，或发送者近期未收到设备状态。",
        "Read the device's state and send again.",
        "请先读取设备状态再重新发送。",
        http=401,
    ),
    "device.authority": Entry(
        "The device moves for nobody now: no live lease.",
        "设备当前不为任何人移动：没有有效租约。",
        "Show it a current warrant first, then command.",
        "请先出示有效许可，再下达指令。",
    ),
    "device.system": Entry(
        "The device is not led by copies of {system}.",
        "该设备不由 {system} 的副本驾驶。",
        "Name that system in the device's settings, if it may lead it.",
        "若允许其驾驶，请在设备设置中列出该系统。",
    ),
    "device.limit": Entry(
        "The command goes beyond a limit: {what}.",
        "指令超出限制：{what}。",
        "Stay within the area and the speed of the warrant's envelope and of the device.",
        "请遵守许可预授权与设备规定的区域和速度。",
    ),
    "device.stopped": Entry(
        "The device was stopped by order {order}.",
        "设备已被命令 {order} 停止。",
        "Find out why. A person at the device resets it; a reset never restarts anything.",
        "请查明原因。由设备旁人员复位；复位不会自动重新启动。",
    ),
    "device.told": Entry(
        "The device was told to stop.",
        "设备收到停止指令。",
        "Find out who said so and why; then show it a warrant and command it anew.",
        "请查明由谁因何发出；之后重新出示许可并下达指令。",
    ),
    "device.person": Entry(
        "A person has taken the device over: {person}.",
        "设备已由人员接管：{person}。",
        "Wait until that person hands it back.",
        "请等待该人员交还。",
    ),
    "device.unreachable": Entry(
        "The device does not answer within {ms} ms.",
        "设备在 {ms} 毫秒内没有应答。",
        "Look at the machine itself; it brakes by its own watchdog when it hears nobody.",
        "请直接查看设备；若未收到任何消息，其自身看门狗会制动。",
        http=503,
        exit=4,
    ),
    "device.unrecorded": Entry(
        "The device's journal cannot be written, so nothing that moves it more is done.",
        "设备日志无法写入，因此不执行任何增加运动的指令。",
        "Free its disk. Braking is never refused.",
        "请清理其磁盘。制动从不被拒绝。",
        http=503,
        exit=4,
    ),
    "device.moving": Entry(
        "Standstill was not confirmed within {ms} ms.",
        "在 {ms} 毫秒内未确认静止。",
        "Use the emergency stop at the machine; this is a red line (RL6).",
        "请使用机器上的急停装置；这已触及红线（RL6）。",
        http=503,
        exit=4,
    ),
    "device.transport": Entry(
        "The transport cannot be used: {detail}.",
        "传输不可用：{detail}。",
        "Install answerable[zenoh] or answerable[mqtt], and check the address.",
        "请安装 answerable[zenoh] 或 answerable[mqtt]，并检查地址。",
        http=503,
        exit=4,
    ),
}
