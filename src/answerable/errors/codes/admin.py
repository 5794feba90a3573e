# SPDX-License-Identifier: Apache-2.0
"""Administration: who may do what at the control plane, and whether it could be reached."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "admin.unreachable": Entry(
        "No service answers at the control socket {socket}.",
        "控制套接字 {socket} 无服务响应。",
        "Start `answerable serve` (or `make run`), or name its store with --store.",
        "请启动 `answerable serve`（或 `make run`），或用 --store 指定其存储。",
        http=503,
        exit=4,
    ),
    "admin.unsigned": Entry(
        "The request is not signed by a person's key: {detail}.",
        "请求未由人员密钥签名：{detail}。",
        "Name a key that is enrolled here with --as NAME or --key FILE.",
        "请用 --as 名称 或 --key 文件 指定已在此登记的密钥。",
        http=401,
    ),
    "admin.unknown_key": Entry(
        "The key that signed this request is not enrolled here, or was withdrawn.",
        "签署此请求的密钥未在此登记，或已被撤回。",
        "Ask an administrator to enrol it.",
        "请联系管理员登记该密钥。",
        http=401,
    ),
    "admin.role": Entry(
        "This needs the role {needed}; the key's person has {roles}.",
        "此操作需要角色 {needed}；该密钥所属人员的角色为 {roles}。",
        "Sign with the key of a person who has that role.",
        "请使用具有该角色人员的密钥签名。",
    ),
    "admin.replayed": Entry(
        "This signed request was used before.",
        "此签名请求已被使用过。",
        "Sign it anew; each request counts once.",
        "请重新签名；每个请求只生效一次。",
        http=401,
    ),
    "admin.no_key": Entry(
        "There is no key of a person to sign with: {detail}.",
        "没有可用于签名的人员密钥：{detail}。",
        "Choose one with --as NAME or --key FILE.",
        "请用 --as 名称 或 --key 文件 选择。",
        exit=2,
    ),
    "admin.not_found": Entry(
        "Nothing here is called {name}.",
        "此处没有名为 {name} 的对象。",
        "See `answerable ls`.",
        "请查看 `answerable ls`。",
        http=404,
        exit=3,
    ),
    "admin.request": Entry(
        "The request cannot be read: {detail}.",
        "无法读取请求：{detail}。",
        "See docs/reference/control-api.md for what it takes.",
        "请参阅 docs/reference/control-api.md。",
        http=400,
        exit=2,
    ),
    "admin.answer": Entry(
        "The service at {socket} gave an answer that cannot be read.",
        "{socket} 处的服务返回了无法读取的回答。",
        "Check that client and service are of the same version.",
        "请确认客户端与服务端版本一致。",
        http=502,
        exit=4,
    ),
}
