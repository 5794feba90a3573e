# SPDX-License-Identifier: Apache-2.0
"""The guard: what it needs of the machine, and what it refuses to the program."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "guard.primitive": Entry(
        "This machine or user has no {name}: {detail}. Without it: {falls}.",
        "本机或当前用户缺少 {name}：{detail}。缺少它时：{falls}。",
        "See `answerable guard --check`; to start all the same, add --unsafe-without {name}.",
        "请查看 `answerable guard --check`；若仍要启动，请加 --unsafe-without {name}。",
        http=503,
        exit=4,
    ),
    "guard.primitive_unknown": Entry(
        "There is no primitive {name}.",
        "不存在名为 {name} 的机制。",
        "Name one of {names}.",
        "请从以下名称中选择：{names}。",
        exit=2,
    ),
    "guard.probe": Entry(
        "What this machine lets us do could not be tried: {detail}.",
        "无法检测本机所允许的机制：{detail}。",
        "Run `answerable guard --check` and read what it says.",
        "请运行 `answerable guard --check` 并查看其输出。",
        http=503,
        exit=4,
    ),
    "guard.enclosure": Entry(
        "The program could not be enclosed, at {step}: {detail}.",
        "无法封闭该程序，出错步骤为 {step}：{detail}。",
        "Run `answerable guard --check`; nothing was started.",
        "请运行 `answerable guard --check`；没有启动任何程序。",
        http=503,
        exit=4,
    ),
    "guard.program": Entry(
        "Program {program} cannot be started: {detail}.",
        "无法启动程序 {program}：{detail}。",
        "Check its path, its rights, and that --read reaches what it needs.",
        "请检查其路径与权限，并确认 --read 覆盖其所需文件。",
        exit=4,
    ),
    "guard.user": Entry(
        "There is no user {user} that the program could run as.",
        "不存在可用于运行程序的用户 {user}。",
        "Name another with --user.",
        "请用 --user 指定其他用户。",
        exit=3,
    ),
    "guard.exposed": Entry(
        "The program would be able to read {secret}, since it may use {path}.",
        "程序可使用 {path}，因此能够读取 {secret}。",
        "Start it in another folder, or keep the secret elsewhere.",
        "请在其他目录启动，或将该秘密存放在别处。",
    ),
    "guard.closed": Entry(
        "The gate is closed: the program is {state}.",
        "关口已关闭：程序状态为 {state}。",
        "It opens only under a live warrant; see the guard's own messages.",
        "只有在许可有效时才会打开；请查看守护进程的消息。",
    ),
    "guard.path": Entry(
        "The gate passes on calls under /v1/ and /mcp/ alone.",
        "关口只转发 /v1/ 与 /mcp/ 下的调用。",
        "Call a path of the gateway, such as /v1/chat/completions.",
        "请调用网关的路径，例如 /v1/chat/completions。",
        http=404,
        exit=3,
    ),
    "guard.enrolment": Entry(
        "The enrolment in {path} cannot be used: {detail}.",
        "{path} 中的登记信息不可用：{detail}。",
        "Make a new one with `answerable guard enrol`; its mode must be 600.",
        "请用 `answerable guard enrol` 重新生成；文件权限须为 600。",
        exit=2,
    ),
    "guard.warrant": Entry(
        "What {source} gave is not a warrant for this copy: {detail}.",
        "{source} 所给出的不是本副本的许可：{detail}。",
        "Check the pinned keys in the enrolment against the issuer's.",
        "请核对登记信息中固定的密钥与签发者的密钥。",
    ),
}
