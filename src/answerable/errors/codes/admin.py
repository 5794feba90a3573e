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
        "Name a key that is enrolled here with --as NAME or --as CARD.json.",
        "请用 --as 名称 或 --as 卡片.json 指定已在此登记的密钥。",
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
        "Choose one with --as NAME or --as CARD.json.",
        "请用 --as 名称 或 --as 卡片.json 选择。",
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
    "admin.path": Entry(
        "The control plane has nothing at this path.",
        "控制面没有此路径。",
        "See docs/reference/control-api.md, or `answerable config openapi`.",
        "请参阅 docs/reference/control-api.md，或运行 `answerable config openapi`。",
        http=404,
        exit=3,
    ),
    "admin.method": Entry(
        "The control plane does not take this method at this path.",
        "控制面在此路径上不接受该方法。",
        "See docs/reference/control-api.md, or `answerable config openapi`.",
        "请参阅 docs/reference/control-api.md，或运行 `answerable config openapi`。",
        http=405,
        exit=2,
    ),
    "admin.no_store": Entry(
        "There is no store of answerable at {store}.",
        "{store} 处没有 answerable 存储。",
        "Make one with `answerable init`, try `answerable demo`, or name it with --store.",
        "请用 `answerable init` 创建，或运行 `answerable demo`，或用 --store 指定。",
        http=503,
        exit=4,
    ),
    "admin.file": Entry(
        "The file {file} cannot be used: {detail}.",
        "无法使用文件 {file}：{detail}。",
        "Name a file that is there and that you may read or write.",
        "请指定存在且有权读写的文件。",
        http=400,
        exit=4,
    ),
    "admin.nobody": Entry(
        "No record here holds this text or file.",
        "此处没有包含该文本或文件的记录。",
        "That is no proof that it was not made here: what was changed and has lost its label may not be found. Ask "
        "with its record id if you have it.",
        "这并不证明该内容并非由此生成：标识已去除且有改动的内容可能无法找到。如有记录编号，请用编号查询。",
        http=404,
        exit=3,
    ),
    "admin.draft": Entry(
        "{file} is not the draft of a statement of kind {kind}.",
        "{file} 不是类型为 {kind} 的声明草稿。",
        "Name the file that --draft wrote.",
        "请指定由 --draft 写出的文件。",
        exit=2,
    ),
}
